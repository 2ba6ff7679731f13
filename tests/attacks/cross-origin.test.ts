import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { anEmail, password } from '../support/people.ts'
import { startEmbedded, type Product } from '../support/product.ts'

const id = (name: string) => `[data-testid="${name}"]`
const paths = ['/v1/auth/refresh', '/v1/auth/logout', '/v1/auth/logout-all', '/v1/auth/guest'] as const

/** All that a page can make a browser send elsewhere without being asked first; what fails, fails. */
async function attack(page: Page, target: string): Promise<void> {
  await page.evaluate(async (to) => {
    const quietly = (sent: Promise<unknown>) => sent.then(String, String)
    const bodies = ['{}', '{"name":"Eve"}', 'name=Eve', new URLSearchParams({ name: 'Eve' })]
    for (const body of bodies)
      await quietly(fetch(to, { method: 'POST', mode: 'no-cors', credentials: 'include', body }))
    await quietly(fetch(to, { method: 'POST', mode: 'no-cors', credentials: 'include' }))
    const headers = { 'content-type': 'application/json' }
    await quietly(fetch(to, { method: 'POST', credentials: 'include', headers, body: '{"name":"Eve"}' }))
    await quietly(fetch(to, { credentials: 'include' }))
    navigator.sendBeacon(to, new Blob(['{"name":"Eve"}'], { type: 'text/plain' }))
    await new Promise((resolve) => {
      const image = new Image()
      image.addEventListener('load', resolve)
      image.addEventListener('error', resolve)
      image.src = to
    })
    for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const frame = document.createElement('iframe')
      frame.name = `f${Math.random()}`
      document.body.append(frame)
      const form = document.createElement('form')
      Object.assign(form, { action: to, method: 'POST', enctype, target: frame.name })
      const field = document.createElement('input')
      // As text/plain this is the JSON {"name":"Eve","x":"="}.
      Object.assign(field, { name: '{"name":"Eve","x":"', value: '"}' })
      form.append(field)
      document.body.append(form)
      const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }))
      form.submit()
      await Promise.race([loaded, new Promise((resolve) => setTimeout(resolve, 1_000))])
    }
  }, target)
}

interface RefreshAttempt {
  origin: string | undefined
  /** Whether the browser sent the refresh cookie along. */
  cookie: boolean
  line: string
  status: number
}

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, resolve))
  return (server.address() as AddressInfo).port
}

/** Stands before the gateway and sees what really arrives there: browsers hide much of it from their own pages. */
function createWitness(gateway: string, seen: RefreshAttempt[]): Server {
  const { hostname, port } = new URL(gateway)
  return createServer((incoming, outgoing) => {
    const { method = '', url: path = '', headers } = incoming
    const onward = request({ hostname, port, method, path, headers }, (answer) => {
      const cookie = headers.cookie?.includes('parley_refresh=') === true
      seen.push({ origin: headers.origin, cookie, line: `${method} ${path}`, status: answer.statusCode ?? 0 })
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
}

describe('S11 what a page of another origin can make the browser do', () => {
  let browser: Browser
  let product: Product
  let url: string
  let evil: Server
  let evilPort: number
  let witness: Server
  const seen: RefreshAttempt[] = []
  beforeAll(async () => {
    ;[product, browser] = await Promise.all([startEmbedded(), startBrowser()])
    witness = createWitness(product.gateways[0] ?? '', seen)
    url = `http://127.0.0.1:${await listen(witness)}`
    evil = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end('<!doctype html><title>Kittens</title><body>Kittens</body>')
    })
    evilPort = await listen(evil)
  }, 90_000)
  afterAll(async () => {
    await browser.close()
    for (const server of [evil, witness]) {
      server.close()
      server.closeAllConnections()
    }
    await product.stop()
  }, 60_000)

  async function signedIn(): Promise<{ context: BrowserContext; home: Page }> {
    const context = await browser.newContext()
    const home = await context.newPage()
    home.setDefaultTimeout(20_000)
    await home.goto(url)
    await home.click(id('tab-signup'))
    await home.fill(id('signup-name'), 'Ada')
    await home.fill(id('signup-email'), anEmail())
    await home.fill(id('signup-password'), password)
    await home.click(id('signup-submit'))
    await home.locator(id('account-menu')).waitFor()
    return { context, home }
  }
  const cookiesOf = async (context: BrowserContext) =>
    (await context.cookies()).map(({ name, value }) => `${name}=${value}`).sort()

  it.each([
    // Ports are no part of a site: here the browser sends cookies that are SameSite=Strict, and the Origin check is all there is.
    ['of the same site', (port: number) => `http://127.0.0.1:${port}`, true],
    ['of another site', (port: number) => `http://localhost:${port}`, false],
  ])('S11 a page %s: refused, and nothing changed', async (_what, originOf, sameSite) => {
    const { context, home } = await signedIn()
    const before = await cookiesOf(context)
    expect(before.join()).toContain('parley_refresh=')
    seen.length = 0
    const page = await context.newPage()
    await page.goto(originOf(evilPort))
    for (const path of paths) await attack(page, url + path)

    const attacks = seen.filter(({ line, origin }) => origin !== url && paths.some((path) => line.endsWith(path)))
    expect(attacks.length).toBeGreaterThan(paths.length * 8)
    expect(attacks.filter(({ status }) => status < 400)).toEqual([])
    expect(attacks.some(({ cookie }) => cookie)).toBe(sameSite)
    expect(await cookiesOf(context)).toEqual(before)
    // Still the same person, in a session that has not been replaced or ended.
    await home.reload()
    await home.locator(id('account-menu')).waitFor()
    expect(await home.locator(id('account-menu')).getAttribute('aria-label')).toContain('Ada')
    await context.close()
  })
})
