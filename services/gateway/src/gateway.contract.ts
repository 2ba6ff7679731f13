import { operations, type Operation } from '@parley/contracts'
import { newId } from '@parley/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, type Components, type TestGateway } from './testing/gateway.ts'
import { clientFrame, nextFrame } from './testing/frames.ts'
import { openSocket } from './testing/raw.ts'

/** The contract of a gateway on any bus and store. */
export function gatewayContract(name: string, makeParts: () => Promise<Components>): void {
  describe(`gateway on ${name}`, () => {
    let gateway: TestGateway
    beforeAll(async () => {
      gateway = await startGateway({}, { parts: await makeParts() })
    })
    afterAll(() => gateway.stop())
    const bearer = () => ({ authorization: `Bearer ${gateway.issuer.token()}` })

    it('O1 is ready when bus, store and one instance of each service are there', async () => {
      expect(await gateway.readiness()).toEqual({
        kv: true,
        bus: true,
        directory: true,
        keys: true,
        auth: true,
        meetings: true,
        chat: true,
        media: true,
        signaling: true,
      })
      expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200)
    })

    it('O1 routes every operation of the contracts to its service, path and query as they came', async () => {
      for (const [service, list] of Object.entries(operations)) {
        for (const { method, path } of Object.values<Operation>(list)) {
          const target = `${path.replace(':id', newId()).replace(':code', 'abc-defg-hij')}?a=%20b&c`
          const body =
            method === 'GET' || method === 'DELETE'
              ? {}
              : { body: '{}', headers: { 'content-type': 'application/json', ...bearer() } }
          const response = await fetch(gateway.url + target, { method, headers: bearer(), ...body })
          expect(response.status, `${method} ${path}`).toBe(200)
          expect(await response.json()).toMatchObject({ from: expect.stringMatching(service), method, url: target })
        }
      }
    })

    it('O1 verifies the token at the edge and passes the original on', async () => {
      const headers = bearer()
      await fetch(`${gateway.url}/v1/auth/me`, { headers })
      expect(gateway.upstreams.auth.seen.at(-1)?.headers.authorization).toBe(headers.authorization)
    })

    it('A10 a revoked session is refused within a second, over HTTP and WebSocket', async () => {
      const sid = newId()
      const token = gateway.issuer.token({ sid })
      const call = () => fetch(`${gateway.url}/v1/auth/me`, { headers: { authorization: `Bearer ${token}` } })
      expect((await call()).status).toBe(200)
      gateway.issuer.revoke({ kind: 'session', id: sid })
      await expect.poll(async () => (await call()).status, { timeout: 1_000 }).toBe(401)
      const { answer, socket } = await openSocket(gateway.url, { protocols: `parley.v1, bearer.${token}` })
      expect(answer.status).toBe(401)
      socket.destroy()
    })

    it('O1 takes the messages of a WebSocket to a signaling node, and its to the client', async () => {
      const { answer, socket } = await openSocket(gateway.url, {
        protocols: `parley.v1, bearer.${gateway.issuer.token()}`,
      })
      expect(answer).toMatchObject({ status: 101, headers: { 'sec-websocket-protocol': 'parley.v1' } })
      socket.write(clientFrame('hello'))
      expect((await nextFrame(socket)).payload.toString()).toBe('hello')
      socket.destroy()
    })
  })
}
