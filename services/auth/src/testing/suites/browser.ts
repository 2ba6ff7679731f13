import { expect, test } from 'vitest'
import type { TestAuth } from '../harness.ts'
import { freshEmail, password, signUpByCookie } from '../people.ts'

/** The refresh cookie and who may use it: A3, S10, S11. */
export function browserSuite(auth: () => TestAuth): void {
  const post = (path: string, headers: Record<string, string>) => auth().call('POST', path, { headers })

  test('S10 over https the cookie is __Host-, Secure, HttpOnly, SameSite=Strict', async () => {
    const { setCookie } = await signUpByCookie(auth())
    const [pair, ...attributes] = setCookie.split('; ')
    expect(pair).toMatch(/^__Host-parley_refresh=[\w-]{43}$/)
    expect(attributes.sort((a, b) => a.localeCompare(b))).toEqual([
      'HttpOnly',
      'Max-Age=2592000',
      'Path=/',
      'SameSite=Strict',
      'Secure',
    ])
  })

  test('S10 over plain http it has another name and a narrow path', async () => {
    const { cookies } = await auth().call('POST', '/v1/auth/register', {
      body: { email: freshEmail(), password, name: 'A' },
    })
    expect(cookies[0]).toMatch(
      /^parley_refresh=[\w-]{43}; Max-Age=2592000; Path=\/v1\/auth; HttpOnly; SameSite=Strict$/,
    )
  })

  test('A3 refreshes by cookie, and logs out by cookie, which is cleared', async () => {
    const { cookie, edge } = await signUpByCookie(auth())
    const own = { ...edge, origin: 'https://meet.example' }
    const refreshed = await post('/v1/auth/refresh', { ...own, cookie })
    expect(refreshed.status).toBe(200)
    expect(refreshed.tokens().refreshToken).toBeUndefined()
    const renewed = refreshed.cookies[0]?.split(';', 1)[0] ?? ''
    expect(renewed).not.toBe(cookie)
    const out = await post('/v1/auth/logout', { ...own, cookie: renewed })
    expect(out.status).toBe(204)
    expect(out.cookies[0]).toMatch(/^__Host-parley_refresh=; Max-Age=0; Path=\/;/)
    expect((await post('/v1/auth/refresh', { ...own, cookie: renewed })).status).toBe(401)
  })

  test('H4 A3 a refresh by body is answered in the body, and leaves the cookie alone; either way can be asked for', async () => {
    const register = { email: freshEmail(), password, name: 'A', tokenDelivery: 'body' }
    const { refreshToken } = (await auth().call('POST', '/v1/auth/register', { body: register })).tokens()
    const second = await auth().call('POST', '/v1/auth/refresh', { body: { refreshToken } })
    expect([second.status, second.cookies]).toEqual([200, []])
    const next = second.tokens().refreshToken
    expect(next).toMatch(/^[\w-]{43}$/)
    const asked = await auth().call('POST', '/v1/auth/refresh', {
      body: { refreshToken: next, tokenDelivery: 'cookie' },
    })
    expect([asked.tokens().refreshToken, asked.cookies.length]).toEqual([undefined, 1])
    const cookie = asked.cookies[0]?.split(';', 1)[0] ?? ''
    const back = await auth().call('POST', '/v1/auth/refresh', { body: { tokenDelivery: 'body' }, headers: { cookie } })
    expect([back.cookies, typeof back.tokens().refreshToken]).toEqual([[], 'string'])
    const out = await auth().call('POST', '/v1/auth/logout', { body: { refreshToken: back.tokens().refreshToken } })
    expect([out.status, out.cookies]).toEqual([204, []])
  })

  test('H5 an allowed frontend on another site has its own cookies, and refreshes and logs out by them', async () => {
    const edge = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'meet.example' }
    const far = { ...edge, origin: 'https://far.example', 'sec-fetch-site': 'cross-site' }
    const body = { email: freshEmail(), password, name: 'A' }
    const made = await auth().call('POST', '/v1/auth/register', { body, headers: far })
    const [pair = '', ...attributes] = made.cookies[0]?.split('; ') ?? []
    expect(pair).toMatch(/^__Host-parley_refresh=[\w-]{43}$/)
    expect(attributes.toSorted((a, b) => a.localeCompare(b))).toEqual([
      'HttpOnly',
      'Max-Age=2592000',
      'Partitioned',
      'Path=/',
      'SameSite=None',
      'Secure',
    ])
    const renewed = await post('/v1/auth/refresh', { ...far, cookie: pair })
    expect([renewed.status, renewed.cookies[0]?.includes('Partitioned')]).toEqual([200, true])
    const cookie = renewed.cookies[0]?.split(';', 1)[0] ?? ''
    const evil = { ...far, origin: 'https://evil.example', cookie }
    expect((await post('/v1/auth/refresh', evil)).status).toBe(403)
    const out = await post('/v1/auth/logout', { ...far, cookie })
    expect(out.cookies[0]).toMatch(
      /^__Host-parley_refresh=; Max-Age=0; Path=\/; HttpOnly; Secure; Partitioned; SameSite=None$/,
    )
    const guest = await auth().call('POST', '/v1/auth/guest', { body: { name: 'G' }, headers: far })
    expect(guest.cookies.map((one) => /SameSite=None/.test(one) && /Partitioned/.test(one))).toEqual([true, true])
  })

  test('H5 over plain http too, where a browser counts localhost as secure, and nobody else gets one', async () => {
    const name = { name: 'G' }
    const cookiesFor = async (origin: string) =>
      (await auth().call('POST', '/v1/auth/guest', { body: name, headers: { origin } })).cookies.join()
    expect(await cookiesFor('https://far.example')).toMatch(/^__Host-parley_refresh=.*Secure.*SameSite=None/)
    expect(await cookiesFor('https://app.example')).not.toMatch(/SameSite=None|Partitioned/)
  })

  test('S11 a page of another origin cannot refresh or log out with the cookie, and nothing changes', async () => {
    const { cookie, edge } = await signUpByCookie(auth())
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://meet.example' },
      { origin: 'https://meet.example.evil' },
      { origin: 'https://meet.example:444' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of foreign) {
      for (const path of ['/v1/auth/refresh', '/v1/auth/logout']) {
        expect((await post(path, { ...edge, ...headers, cookie })).problem()).toMatchObject({
          status: 403,
          code: 'origin-not-allowed',
        })
      }
      // Without it too: the answer would make the browser forget a cookie that it did not send along.
      const without = await post('/v1/auth/logout', { ...edge, ...headers })
      expect([without.status, without.cookies]).toEqual([403, []])
    }
    const form = {
      ...edge,
      cookie,
      origin: 'https://evil.example',
      'content-type': 'application/x-www-form-urlencoded',
    }
    expect((await auth().call('POST', '/v1/auth/logout', { headers: form, body: 'a=b' })).status).toBe(415)
    const text = { ...form, 'content-type': 'text/plain' }
    expect((await auth().call('POST', '/v1/auth/logout', { headers: text, body: '{}' })).status).toBe(415)
    expect((await auth().call('GET', '/v1/auth/logout', { headers: { ...edge, cookie } })).status).toBe(405)
    const after = await post('/v1/auth/refresh', { ...edge, origin: 'https://meet.example', cookie })
    expect(after.status).toBe(200)
  })

  test('H3 S11 the verdict of the gateway is the one that counts', async () => {
    const { cookie, edge } = await signUpByCookie(auth())
    const ask = (verdict: string, origin: string) =>
      post('/v1/auth/refresh', { ...edge, origin, cookie, 'x-origin-verdict': verdict })
    const refused = await ask('foreign', 'https://meet.example')
    expect([refused.status, refused.problem().detail]).toEqual([403, expect.stringMatching(/PUBLIC_URL.*TRUST_PROXY/)])
    // Somebody who develops opens the product by localhost, though it has a PUBLIC_URL.
    expect((await ask('own', 'http://localhost:8080')).status).toBe(200)
  })

  test('S11 our own origin, an allowed one, and a client that is no browser may', async () => {
    const allowed: Record<string, string>[] = [
      { origin: 'https://meet.example' },
      { origin: 'https://app.example' },
      {},
      { 'sec-fetch-site': 'same-origin' },
    ]
    for (const headers of allowed) {
      const { cookie, edge } = await signUpByCookie(auth())
      expect((await post('/v1/auth/refresh', { ...edge, ...headers, cookie })).status).toBe(200)
    }
  })
}
