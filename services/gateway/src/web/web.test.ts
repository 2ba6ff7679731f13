import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { problems } from '@parley/contracts'
import { brotliCompressSync, gzipSync } from 'node:zlib'
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
    await writeFile(join(dir, 'dist/assets/big-3c4d.js'), 'plain')
    await writeFile(join(dir, 'dist/assets/big-3c4d.js.br'), brotliCompressSync('plain'))
    await writeFile(join(dir, 'dist/assets/big-3c4d.js.gz'), gzipSync('plain'))
    gateway = await startGateway({ WEB_DIR: join(dir, 'dist') })
  })
  afterAll(async () => {
    await gateway.stop()
    await rm(dir, { recursive: true })
  })
  const get = (path: string, accept = 'text/html,*/*') => fetch(gateway.url + path, { headers: { accept } })

  it.each(['/', '/signin', '/m/abc-defg-hij', '/m/abc-defg-hij?x=1'])(
    'O8 %s is the page, always asked for again',
    async (path) => {
      const response = await get(path)
      expect([response.status, await response.text()]).toEqual([200, '<!doctype html><title>page</title>'])
      expect(response.headers.get('cache-control')).toBe('no-cache')
      expect(response.headers.get('content-type')).toContain('text/html')
    },
  )

  it('O8 H14 hashed assets are kept for ever, other files are asked for again', async () => {
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

  const id = '0190aaaa-0000-7000-8000-000000000001'
  const pages = ['/', '/m/abc-defg-hij', '/signin', '/signup', '/account', '/forgot-password', '/verify-email']
  it.each([...pages, '/reset-password', `/invites/${id}`, `/meetings/${id}`])(
    'H13 the page %s is for everybody who takes HTML, by GET and HEAD',
    async (path) => {
      const status = async (accept: string | null, method = 'GET') => {
        const lines = accept === null ? '' : `Accept: ${accept}\r\n`
        const answer = await exchangeRaw(
          gateway.url,
          `${method} ${path} HTTP/1.1\r\nHost: a\r\n${lines}Connection: close\r\n\r\n`,
        )
        return `${answer.status} ${answer.headers['content-type']?.split(';', 1)[0]}`
      }
      const html = '200 text/html'
      const problem = '404 application/problem+json'
      for (const accept of [null, '*/*', 'text/*', 'TEXT/HTML', 'application/json, */*;q=0.1', 'text/html;level=1'])
        expect([accept, await status(accept), await status(accept, 'HEAD')]).toEqual([accept, html, html])
      for (const accept of ['application/json', 'text/html;q=0, */*', 'image/png, text/plain'])
        expect([accept, await status(accept)]).toEqual([accept, problem])
    },
  )

  it.each(['/nowhere', '/meetings', '/meetings/1', '/m/abc', '/signin/x', '/assets'])(
    'H13 %s is 404, in a browser with the page as its body',
    async (path) => {
      const browser = await get(path)
      expect([browser.status, await browser.text()]).toEqual([404, '<!doctype html><title>page</title>'])
      expect(browser.headers.get('cache-control')).toBe('no-cache')
      const again = await fetch(gateway.url + path, { headers: { 'if-none-match': '*', range: 'bytes=0-1' } })
      expect([again.status, (await again.text()).length]).toEqual([404, 34])
      expect((await get(path, 'application/json')).status).toBe(404)
    },
  )

  it('H8 a page and a file allow GET and HEAD; an unknown path allows nothing', async () => {
    for (const path of ['/', '/signin', '/robots.txt', '/assets/app-1a2b.js', '/problems', '/docs']) {
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND']) {
        const answer = await fetch(gateway.url + path, { method })
        expect([path, method, answer.status, answer.headers.get('allow')]).toEqual([path, method, 405, 'GET, HEAD'])
      }
    }
    for (const path of ['/nowhere', '/none.txt'])
      expect((await fetch(gateway.url + path, { method: 'POST' })).status).toBe(404)
  })

  it.each<[string, Record<string, string>, number]>([
    ['a range beyond the end', { range: 'bytes=99999999-' }, 416],
    ['a tag that does not match', { 'if-match': '"x"' }, 412],
    ['a time that has passed', { 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 412],
  ])('H7 %s is the fault of the caller', async (_name, headers, status) => {
    for (const path of ['/robots.txt', '/assets/app-1a2b.js', '/docs/static/swagger-ui.css']) {
      const answer = await fetch(gateway.url + path, { headers: { ...headers, 'accept-encoding': 'identity' } })
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([
        path,
        status,
        'application/problem+json',
      ])
    }
  })

  it.each<[string | null, string | undefined]>([
    [null, undefined],
    ['identity', undefined],
    ['br', 'br'],
    ['gzip', 'gzip'],
    ['gzip, deflate, br, zstd', 'br'],
    ['GZip, BR;q=0.1', 'gzip'],
    ['br;q=0, gzip;q=0.2', 'gzip'],
    ['br;q=0, gzip;q=0', undefined],
    ['zstd', undefined],
  ])('H14 an asset for Accept-Encoding %s is sent as %s', async (accept, coding) => {
    const ask = (path: string) =>
      exchangeRaw(
        gateway.url,
        `GET ${path} HTTP/1.1\r\nHost: a\r\n${accept === null ? '' : `Accept-Encoding: ${accept}\r\n`}Connection: close\r\n\r\n`,
      )
    const { status, headers } = await ask('/assets/big-3c4d.js')
    expect([status, headers['content-encoding']]).toEqual([200, coding])
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': expect.stringContaining('javascript'),
      vary: expect.stringMatching(/accept-encoding/i),
    })
    // Where there is no compressed one, the file goes out as it is.
    expect((await ask('/assets/app-1a2b.js')).headers['content-encoding']).toBeUndefined()
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
