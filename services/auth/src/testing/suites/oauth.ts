import { generateKeyPairSync, createHmac } from 'node:crypto'
import type { User } from '@parley/contracts'
import { beforeEach, expect, test } from 'vitest'
import type { Reply, TestAuth } from '../harness.ts'
import type { Issuer, ProviderUser } from '../issuer.ts'
import { Page, publicUrl } from '../page.ts'
import { freshEmail, password, signUp } from '../people.ts'

const start = `${publicUrl}/v1/auth/oauth/google`
const isCallback = (url: string) => url.startsWith(`${start}/callback?`)
/** A page of ours, not a stop on the way. */
const isPage = (url: string) => url.startsWith(`${publicUrl}/`) && !url.startsWith(`${publicUrl}/v1/`)
const failure = (code: string) => `${publicUrl}/signin?problem=${code}`

let count = 0
const somebody = (changes: Partial<ProviderUser> = {}): ProviderUser => {
  count += 1
  return { sub: `sub-${Date.now()}-${count}`, email: freshEmail(), email_verified: true, name: 'Grace', ...changes }
}

/** Sign-in at a provider, a real one: A7. */
export function oauthSuite(auth: () => TestAuth, issuer: () => Issuer): void {
  let page: Page
  beforeEach(() => {
    page = new Page(auth())
    issuer().forged = null
    issuer().user = somebody()
  })
  const signIn = (returnTo = '/home') => page.follow(`${start}?returnTo=${encodeURIComponent(returnTo)}`, isPage)
  const who = async (): Promise<User> => {
    const cookie = `__Host-parley_refresh=${page.cookiesOf(publicUrl).get('__Host-parley_refresh')}`
    const headers = { cookie, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'meet.example', origin: publicUrl }
    const reply = await auth().call('POST', '/v1/auth/refresh', { headers })
    expect(reply.status).toBe(200)
    return reply.tokens().user
  }
  const post = (body: unknown): Promise<Reply> => auth().call('POST', '/v1/auth/oauth/google', { body })
  const userCount = async () => (await auth().db.selectFrom('users').select('id').execute()).length

  test('A7 the page can ask for the button', async () => {
    const reply = await auth().call('GET', '/v1/auth/providers')
    expect(reply.as()).toEqual({ items: [{ id: 'google', name: 'Acme', url: '/v1/auth/oauth/google' }] })
  })

  test('A7 first time and returning: one account, whatever the address is by then', async () => {
    const { user: profile } = issuer()
    expect(await signIn('/abc-defg-hij?x=1#y')).toBe(`${publicUrl}/abc-defg-hij?x=1#y`)
    const first = await who()
    expect(first).toMatchObject({ kind: 'user', email: profile.email, emailVerified: true, name: 'Grace' })
    expect([...page.cookiesOf(publicUrl).keys()]).toEqual(['__Host-parley_refresh'])
    page = new Page(auth())
    issuer().user = { ...profile, email: freshEmail(), email_verified: false }
    expect(await signIn('/')).toBe(`${publicUrl}/`)
    expect((await who()).id).toBe(first.id)
  })

  test('A7 the request carries PKCE S256, state and nonce, and the cookie is for this browser alone', async () => {
    const { location, status } = await page.get(start)
    const url = new URL(location ?? '')
    expect([status, url.origin]).toEqual([302, issuer().url])
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      redirect_uri: `${start}/callback`,
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    })
    const reply = await fetch(`${auth().url}/v1/auth/oauth/google`, {
      redirect: 'manual',
      headers: { 'x-forwarded-proto': 'https' },
    })
    const [cookie = ''] = reply.headers.getSetCookie()
    expect(cookie).toMatch(/^__Host-parley_oauth=[\w-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  })

  test('A7 leads to paths of our own only', async () => {
    for (const returnTo of [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example',
      '/\t/evil.example',
      '',
      '/a\\b',
    ])
      expect((await page.get(`${start}?returnTo=${encodeURIComponent(returnTo)}`)).status).toBe(400)
  })

  test('A7 S18 links to an account whose address both sides have verified, and to no other', async () => {
    const { user, accessToken } = await signUp(auth(), { email: issuer().user.email })
    const before = await userCount()
    // Registering first with another person's address gives nothing when that person comes later.
    expect(await signIn()).toBe(failure('identity-conflict'))
    expect(page.cookiesOf(publicUrl).size).toBe(0)
    expect((await post({ idToken: issuer().idToken() })).problem()).toMatchObject({
      status: 409,
      code: 'identity-conflict',
    })
    await auth().db.updateTable('users').set({ email_verified_at: new Date() }).where('id', '=', user.id).execute()
    issuer().user = { ...issuer().user, email_verified: false }
    page = new Page(auth())
    expect(await signIn()).toBe(failure('identity-conflict'))
    issuer().user = { ...issuer().user, email_verified: true, email: issuer().user.email.toUpperCase() }
    page = new Page(auth())
    expect(await signIn()).toBe(`${publicUrl}/home`)
    expect((await who()).id).toBe(user.id)
    expect(await userCount()).toBe(before)
    expect((await auth().call('GET', '/v1/auth/me', { bearer: accessToken })).status).toBe(200)
  })

  test('A7 two tabs at once make one account', async () => {
    const replies = await Promise.all([1, 2, 3, 4].map(() => post({ idToken: issuer().idToken() })))
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(new Set(replies.map((reply) => reply.tokens().user.id)).size).toBe(1)
  })

  test('A7 a forged, foreign, late or missing state is refused, and signs nobody in', async () => {
    const honest = await page.follow(start, isCallback)
    const attacks = [
      honest.replace(/state=[^&]*/, 'state=forged'),
      honest.replace(/[?&]state=[^&]*/, (part) => part.slice(0, 1)),
      `${honest}&state=x`,
      honest.replace(/code=[^&]*/, 'code=forged'),
      `${start}/callback?error=access_denied&state=${new URL(honest).searchParams.get('state')}`,
      `${start}/callback`,
    ]
    const flow = page.cookiesOf(publicUrl).get('__Host-parley_oauth') ?? ''
    for (const attack of attacks) {
      page.cookiesOf(publicUrl).set('__Host-parley_oauth', flow)
      expect((await page.get(attack)).location).toBe(failure('oauth-failed'))
      expect(page.cookiesOf(publicUrl).has('__Host-parley_refresh')).toBe(false)
    }
    // Another browser, an altered cookie, ten minutes later.
    expect((await new Page(auth()).get(honest)).location).toBe(failure('oauth-failed'))
    page.cookiesOf(publicUrl).set('__Host-parley_oauth', `${flow.slice(0, -2)}AA`)
    expect((await page.get(honest)).location).toBe(failure('oauth-failed'))
  })

  test('A7 a flow ends after ten minutes', async () => {
    const honest = await page.follow(start, isCallback)
    auth().clock.advance(601_000)
    expect((await page.get(honest)).location).toBe(failure('oauth-failed'))
  })

  test('A7 a code works once', async () => {
    const honest = await page.follow(start, isCallback)
    const flow = page.cookiesOf(publicUrl).get('__Host-parley_oauth') ?? ''
    expect((await page.get(honest)).location).toBe(`${publicUrl}/`)
    page.cookiesOf(publicUrl).set('__Host-parley_oauth', flow)
    expect((await page.get(honest)).location).toBe(failure('oauth-failed'))
  })

  test('A7 an ID token of the flow with another nonce, issuer, audience or time, or badly signed, is refused', async () => {
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const past = Math.floor(Date.now() / 1000) - 120
    const forgeries: ((nonce: string) => string)[] = [
      () => issuer().idToken(),
      () => issuer().idToken({ nonce: 'another' }),
      (nonce) => issuer().idToken({ nonce, iss: 'https://evil.example' }),
      (nonce) => issuer().idToken({ nonce, aud: 'another-client' }),
      (nonce) => issuer().idToken({ nonce, aud: ['parley-test', 'another-client'], azp: 'another-client' }),
      (nonce) => issuer().idToken({ nonce, iat: past - 300, exp: past }),
      (nonce) => issuer().idToken({ nonce }, { key: stranger }),
      (nonce) => issuer().idToken({ nonce, email: undefined, sub: undefined }),
    ]
    for (const forge of forgeries) {
      page = new Page(auth())
      const { location } = await page.get(start)
      const { nonce = '', state = '' } = Object.fromEntries(new URL(location ?? '').searchParams)
      issuer().forged = () => forge(nonce)
      const iss = encodeURIComponent(issuer().url)
      const visit = await page.get(`${start}/callback?code=any&state=${state}&iss=${iss}`)
      expect(visit.location).toBe(failure('oauth-failed'))
      expect(page.cookiesOf(publicUrl).has('__Host-parley_refresh')).toBe(false)
    }
    const { location } = await page.get(start)
    const { nonce = '', state = '' } = Object.fromEntries(new URL(location ?? '').searchParams)
    issuer().forged = () => issuer().idToken({ nonce })
    const good = await page.get(`${start}/callback?code=any&state=${state}&iss=${encodeURIComponent(issuer().url)}`)
    expect(good.location).toBe(`${publicUrl}/`)
    const mixedUp = `${start}/callback?code=any&state=${state}&iss=https%3A%2F%2Fevil.example`
    expect((await page.get(mixedUp)).location).toBe(failure('oauth-failed'))
  })

  test('A7 S1 an ID token from a client of ours signs in; a bad one never does', async () => {
    const { user: profile, idToken } = issuer()
    const reply = await post({ idToken: idToken({ nonce: 'n' }), nonce: 'n', tokenDelivery: 'body' })
    expect(reply.status).toBe(200)
    expect(reply.tokens()).toMatchObject({ user: { email: profile.email }, refreshToken: expect.any(String) })
    expect((await post({ idToken: idToken() })).tokens().user.id).toBe(reply.tokens().user.id)
    const now = Math.floor(Date.now() / 1000)
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const [, claims] = idToken().split('.')
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`
    const hmacInput = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${claims}`
    const hmac = `${hmacInput}.${createHmac('sha256', 'a secret that only the test knows').update(hmacInput).digest('base64url')}`
    const bad = [
      { idToken: idToken({ iss: 'https://evil.example' }) },
      { idToken: idToken({ aud: 'another-client' }) },
      { idToken: idToken({ iat: now - 600, exp: now - 60 }) },
      { idToken: idToken({ exp: undefined }) },
      { idToken: idToken({ nonce: 'n' }), nonce: 'm' },
      { idToken: idToken(), nonce: 'm' },
      { idToken: idToken({ email: undefined }) },
      { idToken: idToken({}, { key: stranger }) },
      { idToken: idToken({}, { key: stranger, header: { kid: 'unknown' } }) },
      { idToken: none },
      { idToken: hmac },
      { idToken: 'this is no token at all' },
      { idToken: reply.tokens().accessToken },
    ]
    for (const body of bad) expect((await post(body)).problem()).toMatchObject({ status: 401, code: 'oauth-failed' })
  })

  test('A7 an account without a password has none that works, and cannot change it', async () => {
    const { accessToken, user } = (await post({ idToken: issuer().idToken() })).tokens()
    const login = await auth().call('POST', '/v1/auth/login', { body: { email: user.email, password } })
    expect(login.status).toBe(401)
    const body = { currentPassword: password, newPassword: 'another password' }
    const change = await auth().call('POST', '/v1/auth/change-password', { body, bearer: accessToken })
    expect(change.problem()).toMatchObject({ code: 'invalid-credentials' })
  })
}
