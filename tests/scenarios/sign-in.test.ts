import type { Tokens, User } from '@parley/contracts'
import { freePort } from '@parley/kit/testing'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { clientId, clientSecret, startIssuer, type Issuer } from '../support/issuer.ts'
import { startEmbedded, type Product } from '../support/product.ts'

const callbackPath = '/v1/auth/oauth/google/callback'
const id = (name: string) => `[data-testid="${name}"]`

describe('sign-in at a provider, in a real browser', () => {
  let browser: Browser
  let issuer: Issuer
  let product: Product
  let url: string
  beforeAll(async () => {
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    issuer = await startIssuer(url + callbackPath)
    vi.stubEnv('OIDC_ISSUER', issuer.url)
    vi.stubEnv('OIDC_CLIENT_ID', clientId)
    vi.stubEnv('OIDC_CLIENT_SECRET', clientSecret)
    vi.stubEnv('OIDC_NAME', 'Acme')
    ;[product, browser] = await Promise.all([startEmbedded({ port }), startBrowser()])
  })
  beforeEach(() => {
    issuer.forged = null
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await Promise.all([browser.close(), product.stop(), issuer.stop()])
  })

  async function visit(path = '/', context?: BrowserContext): Promise<Page> {
    const page = await (context ?? (await browser.newContext())).newPage()
    page.setDefaultTimeout(20_000)
    await page.goto(url + path)
    return page
  }
  /** Clicks the button of the page, and tells what Parley asked the provider for. */
  async function toProvider(page: Page): Promise<URLSearchParams> {
    const asked = page.waitForRequest((request) => request.url().startsWith(`${issuer.url}/auth?`))
    await page.click(id('provider-google'))
    const { searchParams } = new URL((await asked).url())
    await page.waitForURL(`${issuer.url}/interaction/**`)
    return searchParams
  }
  /** The provider's own pages: who one is, and that Parley may know it. */
  async function logIn(page: Page, name: string): Promise<void> {
    await page.fill('input[name=login]', name)
    await page.fill('input[name=password]', 'anything')
    await page.click('button[type=submit]')
    await page.locator('input[name=prompt][value=consent]').waitFor({ state: 'attached' })
    await page.click('button[type=submit]')
  }
  /** The account the page is signed in as, from the answer to its own restoring of the session. */
  async function whoIs(page: Page): Promise<User> {
    const refreshed = page.waitForResponse(`${url}/v1/auth/refresh`)
    await page.reload()
    return ((await (await refreshed).json()) as Tokens).user
  }
  const nameOn = async (page: Page) => page.locator(id('account-menu')).getAttribute('aria-label')
  /** Where a refused sign-in ends: the page, with a sentence and the form to try again, and nobody signed in. */
  async function isRefused(page: Page): Promise<void> {
    await page.waitForURL(`${url}/signin?problem=oauth-failed`)
    const notice = await page.locator(id('signin-problem')).innerText()
    expect(notice).toContain('The sign-in did not succeed')
    expect(notice).toContain('did not confirm who you are, or you cancelled. Try again.')
    await page.locator(id('provider-google')).waitFor()
    expect((await page.context().cookies()).map(({ name }) => name)).not.toContain('parley_refresh')
  }

  it('A7 first time: makes an account with the name and the verified address; returning: the same account', async () => {
    const page = await visit('/signin?next=%2Faccount')
    await toProvider(page)
    await logIn(page, 'grace')
    await page.waitForURL(`${url}/account`)
    expect(await nameOn(page)).toContain('grace of Acme')
    const first = await whoIs(page)
    expect(first).toMatchObject({ email: 'grace@example.org', emailVerified: true, name: 'grace of Acme' })

    await page.click(id('account-menu'))
    await page.click(id('sign-out'))
    await page.locator(id('provider-google')).waitFor()
    // The provider knows this browser still: no page of it is seen.
    await page.click(id('provider-google'))
    await page.locator(id('account-menu')).waitFor()
    expect((await whoIs(page)).id).toBe(first.id)

    const elsewhere = await visit()
    await toProvider(elsewhere)
    await logIn(elsewhere, 'grace')
    await elsewhere.locator(id('account-menu')).waitFor()
    expect((await whoIs(elsewhere)).id).toBe(first.id)
  })

  it('A7 cancelled at the provider: the page says so, and one can try again', async () => {
    const page = await visit()
    await toProvider(page)
    await page.click('a[href$="/abort"]')
    await isRefused(page)

    await toProvider(page)
    await logIn(page, 'mary')
    await page.locator(id('account-menu')).waitFor()
    expect(await nameOn(page)).toContain('mary of Acme')
  })

  it.each<[string, (honest: { state: string; iss: string }) => Record<string, string> | string]>([
    ['state', ({ iss }) => ({ code: 'any', state: 'forged', iss })],
    ['code', ({ state, iss }) => ({ code: 'forged', state, iss })],
    ['issuer in the address', ({ state }) => ({ code: 'any', state, iss: 'https://evil.example' })],
    ['address without anything', () => ({})],
    ['address with two states', ({ state, iss }) => `code=any&state=${state}&state=x&iss=${encodeURIComponent(iss)}`],
    ['address that is far too long', ({ state, iss }) => ({ code: 'x'.repeat(5_000), state: state.repeat(20), iss })],
  ])('A7 a forged %s lands on the page with a sentence', async (_what, forge) => {
    const page = await visit()
    const state = (await toProvider(page)).get('state') ?? ''
    const query = new URLSearchParams(forge({ state, iss: issuer.url }))
    await page.goto(`${url}${callbackPath}?${query.toString()}`)
    await isRefused(page)
  })

  it.each<[string, Record<string, unknown>]>([
    ['nonce', { nonce: 'forged' }],
    ['issuer', { iss: 'https://evil.example' }],
    ['audience', { aud: 'another-client' }],
    ['time', { exp: Math.floor(Date.now() / 1000) - 120 }],
  ])('A7 an ID token with a forged %s lands on the page with a sentence', async (_what, changes) => {
    const page = await visit()
    const asked = await toProvider(page)
    const iat = Math.floor(Date.now() / 1000)
    const claims = { iss: issuer.url, aud: clientId, iat, exp: iat + 300, nonce: asked.get('nonce') }
    issuer.forged = { sub: 'eve', email: 'eve@example.org', email_verified: true, ...claims, ...changes }
    const query = new URLSearchParams({ code: 'any', state: asked.get('state') ?? '', iss: issuer.url })
    await page.goto(`${url}${callbackPath}?${query.toString()}`)
    await isRefused(page)
  })

  it('A7 S11 nobody is signed in as somebody else by a link that another browser has earned', async () => {
    const attacker = await visit()
    await attacker.route(`${url}${callbackPath}**`, (route) => route.abort())
    const earned = attacker.waitForRequest(`${url}${callbackPath}**`)
    await toProvider(attacker)
    await logIn(attacker, 'eve')
    const victim = await visit(new URL((await earned).url()).href.slice(url.length))
    await isRefused(victim)
  })
})
