import { expect, test } from 'vitest'
import type { Reply, TestAuth } from '../harness.ts'
import { me } from '../people.ts'

const edge = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'meet.example', origin: 'https://meet.example' }
const guestCookieOf = (reply: Reply) =>
  reply.cookies.find((cookie) => cookie.startsWith('__Host-parley_guest='))?.split(';', 1)[0] ?? ''

/** A guest who comes back is the same guest, so a ban holds: A8, M10. */
export function guestsSuite(auth: () => TestAuth): void {
  const come = (name: string, headers: Record<string, string> = {}, body: object = {}) =>
    auth().call('POST', '/v1/auth/guest', { body: { name, ...body }, headers: { ...edge, ...headers } })

  test('A8 M10 a guest who returns from the same browser is the same one under the new name', async () => {
    const first = await come('Mallory')
    const cookie = guestCookieOf(first)
    expect(first.cookies.find((line) => line.includes('parley_guest'))).toMatch(
      /^__Host-parley_guest=[\w-]{43}; Max-Age=7776000; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    )
    const second = await come('Innocent', { cookie })
    expect(second.tokens().user).toMatchObject({ id: first.tokens().user.id, name: 'Innocent', emailVerified: false })
    expect(guestCookieOf(second)).toBe(cookie)
    auth().clock.advance(60 * 24 * 3600_000)
    expect((await come('Later', { cookie })).tokens().user.id).toBe(first.tokens().user.id)
  })

  test('A8 the old token of a returning guest stays good, and names the old name', async () => {
    const first = await come('One')
    const again = await come('Two', { cookie: guestCookieOf(first) })
    for (const { accessToken } of [first.tokens(), again.tokens()])
      expect((await me(auth(), accessToken)).as()).toMatchObject({ name: 'Two' })
  })

  test('A8 without a cookie, with a made-up one, and with the token in the body one is somebody new', async () => {
    const first = await come('One')
    const cookie = guestCookieOf(first)
    const others = [
      await come('One'),
      await come('One', { cookie: `__Host-parley_guest=${'x'.repeat(43)}` }),
      await come('One', { cookie: '__Host-parley_guest=short' }),
      await come('One', { cookie }, { tokenDelivery: 'body' }),
    ]
    const ids = new Set([first, ...others].map((reply) => reply.tokens().user.id))
    expect(ids.size).toBe(5)
    expect(others[3]?.cookies).toEqual([])
  })

  test('S9 the key of a guest is stored hashed', async () => {
    const [, key = ''] = guestCookieOf(await come('One')).split('=')
    const rows = await auth().db.selectFrom('users').select('guest_key').where('kind', '=', 'guest').execute()
    expect(rows.map(({ guest_key }) => guest_key)).not.toContain(key)
  })

  test('S11 another origin’s page cannot speak for the guest of this browser', async () => {
    const cookie = guestCookieOf(await come('One'))
    const reply = await come('Evil', { cookie, origin: 'https://evil.example' })
    expect(reply.problem()).toMatchObject({ status: 403, code: 'origin-not-allowed' })
  })

  test('A8 two tabs that come at once with the same cookie are one guest', async () => {
    const first = await come('One')
    const cookie = guestCookieOf(first)
    const replies = await Promise.all(Array.from({ length: 10 }, (_, index) => come(`Tab ${index}`, { cookie })))
    expect(new Set(replies.map((reply) => reply.tokens().user.id))).toEqual(new Set([first.tokens().user.id]))
  })
}
