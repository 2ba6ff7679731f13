import { Agent, request } from 'node:http'
import { newId } from '@parley/kit'
import { afterEach, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../testing/gateway.ts'

let gateway: TestGateway
afterEach(() => gateway.stop())

const bearer = () => ({ authorization: `Bearer ${gateway.issuer.token()}` })
const fileUrl = (what: string): string => `${gateway.url}/v1/files/${newId()}/${what}`
const put = (body: string) => fetch(fileUrl('upload'), { method: 'PUT', body, headers: bearer() })

it('O1 F1 passes bytes of any type and size on, in both directions', async () => {
  gateway = await startGateway()
  gateway.upstreams.media.answer = (_request, response, { body }) =>
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': body.length }).end(body)
  const answer = await put('x'.repeat(3_000_000))
  expect([answer.status, (await answer.text()).length]).toEqual([200, 3_000_000])
  expect(gateway.upstreams.media.seen[0]?.body.length).toBe(3_000_000)
})

it('S31 F1 leaves a file the rules under which its service shows it, and sets its own otherwise', async () => {
  gateway = await startGateway()
  gateway.upstreams.media.answer = (_request, response) =>
    response
      .writeHead(200, {
        'content-security-policy': "default-src 'none'; sandbox",
        'cross-origin-resource-policy': 'cross-origin',
        'x-frame-options': 'ALLOWALL',
      })
      .end('x')
  const { headers } = await fetch(fileUrl('content'), { headers: bearer() })
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
  expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
  expect(headers.get('x-frame-options')?.toLowerCase()).toBe('deny')
  const other = await fetch(fileUrl('link'), { headers: bearer() })
  expect(other.headers.get('content-security-policy')).not.toContain('sandbox')
})

it('T1 F1 says that bytes have to be sent again when their service is lost in the middle', async () => {
  gateway = await startGateway()
  gateway.upstreams.media.answer = (request) => request.socket.destroy()
  const answer = await put('x'.repeat(100_000))
  expect([answer.status, await answer.json()]).toMatchObject([503, { code: 'unavailable', retryable: true }])
})

it('F1 S39 an answer that comes before the bytes are read costs the next request on the connection nothing', async () => {
  gateway = await startGateway()
  gateway.upstreams.media.answer = (_request, response) => void response.writeHead(409).end('{}')
  gateway.upstreams.media.readsBodies = false
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = (method: string, path: string, bytes?: Buffer): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { ...bearer(), 'content-type': 'application/octet-stream', 'content-length': bytes?.length ?? 0 }
      const asked = request(`${gateway.url}${path}`, { method, agent, headers, timeout: 5_000 }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0))
      })
      asked.once('timeout', () => asked.destroy(new Error('no answer'))).once('error', reject)
      asked.end(bytes)
    })
  try {
    for (let turn = 0; turn < 10; turn += 1) {
      expect(await ask('PUT', `/v1/files/${newId()}/upload`, Buffer.alloc(8 * 1024 * 1024))).toBe(409)
      expect(await ask('GET', '/v1/auth/me')).toBe(200)
    }
  } finally {
    agent.destroy()
  }
}, 60_000)

it('T1 F1 sends bytes to another instance while none of them have gone', async () => {
  gateway = await startGateway()
  const second = await gateway.add('media')
  await gateway.upstreams.media.kill()
  const answers = await Promise.all(Array.from({ length: 10 }, () => put('hello')))
  expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
  expect(second.seen.map(({ body }) => body)).toEqual(Array(10).fill('hello'))
})
