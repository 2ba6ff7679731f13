import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { problems } from '@parley/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../testing/gateway.ts'
import { exchangeRaw } from '../testing/raw.ts'

describe('O8 the web page', () => {
  let gateway: TestGateway
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'parley-web-'))
    await mkdir(join(dir, 'dist/assets'), { recursive: true })
    await writeFile(join(dir, 'secret.txt'), 'secret')
    await writeFile(join(dir, 'dist/.env'), 'secret')
    await writeFile(join(dir, 'dist/index.html'), '<!doctype html><title>page</title>')
    await writeFile(join(dir, 'dist/assets/app-1a2b.js'), 'js')
    await writeFile(join(dir, 'dist/robots.txt'), 'robots')
    gateway = await startGateway({ WEB_DIR: join(dir, 'dist') })
  })
  afterAll(async () => {
    await gateway.stop()
    await rm(dir, { recursive: true })
  })
  const get = (path: string, accept = 'text/html,*/*') => fetch(gateway.url + path, { headers: { accept } })

  it.each(['/', '/meetings', '/m/abc-defg-hij', '/m/abc-defg-hij?x=1'])(
    'O8 %s is the page, always asked for again',
    async (path) => {
      const response = await get(path)
      expect([response.status, await response.text()]).toEqual([200, '<!doctype html><title>page</title>'])
      expect(response.headers.get('cache-control')).toBe('no-cache')
      expect(response.headers.get('content-type')).toContain('text/html')
    },
  )

  it('O8 hashed assets are kept for ever, other files are asked for again', async () => {
    expect((await get('/assets/app-1a2b.js')).headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    const other = await get('/robots.txt')
    expect([other.headers.get('cache-control'), await other.text()]).toEqual(['no-cache', 'robots'])
  })

  it.each([
    '/v1/nothing',
    '/v1',
    '/assets/none.js',
    '/none.txt',
    '/.env',
    '/docs/none',
    '/.well-known/none',
    '/problems/none',
  ])('O8 %s is not the page', async (path) => {
    const response = await get(path)
    expect(response.status).not.toBe(200)
    expect(await response.text()).not.toContain('secret')
  })

  it('O8 what does not ask for HTML does not get it', async () => {
    expect((await get('/meetings', 'application/json')).status).toBe(404)
    expect((await fetch(`${gateway.url}/meetings`, { method: 'POST' })).status).toBe(404)
  })

  it.each(['/../secret.txt', '/..%2fsecret.txt', '/assets/..%5c..%5csecret.txt', '/%2e%2e/secret.txt'])(
    'S32 %s does not leave the folder',
    async (path) => {
      const { status, rest } = await exchangeRaw(
        gateway.url,
        `GET ${path} HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n`,
      )
      expect([status, rest.includes('secret')]).toEqual([400, false])
    },
  )
})

describe('O6 the pages that explain problems', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startGateway()
  })
  afterAll(() => gateway.stop())

  it('O8 says so when the web page was not built', async () => {
    const response = await fetch(gateway.url)
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('was not built')])
  })

  it.each(Object.keys(problems))('O6 /problems/%s', async (code) => {
    const html = await fetch(`${gateway.url}/problems/${code}`, { headers: { accept: 'text/html' } })
    expect([html.status, html.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(await html.text()).toContain(`<code>${code}</code>`)
    const plain = await fetch(`${gateway.url}/problems/${code}`)
    expect(plain.headers.get('content-type')).toContain('text/plain')
    expect(await plain.text()).toContain(code)
  })

  it('O6 the list of all, and a code that there is not', async () => {
    const list = await (await fetch(`${gateway.url}/problems`, { headers: { accept: 'text/html' } })).text()
    for (const code of Object.keys(problems)) expect(list).toContain(`/problems/${code}"`)
    const none = await fetch(`${gateway.url}/problems/%3Cscript%3E`)
    expect([none.status, ((await none.json()) as { code: string }).code]).toEqual([404, 'not-found'])
  })
})
