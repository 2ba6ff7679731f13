import { authBus, type Revocation } from '@parley/contracts'
import { request, subscribe } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { retryMs } from '../../sessions/evaluate.ts'
import type { TestAuth } from '../harness.ts'
import { me, password, refresh, signUp, withRefreshToken } from '../people.ts'

/** Refresh tokens and the end of sessions: A3, A4, A12, S7, S8. */
export function sessionsSuite(auth: () => TestAuth): void {
  const logout = (body: unknown, bearer?: string) =>
    auth().call('POST', '/v1/auth/logout', { body, ...(bearer === undefined ? {} : { bearer }) })
  const sessionsOf = (userId: string) =>
    auth().db.selectFrom('sessions').selectAll().where('user_id', '=', userId).execute()
  /** As if all tokens had been spent longer ago, by the database's clock. */
  const age = (ms: number) =>
    sql`update ${sql.table('auth.refresh_tokens')} set used_at = used_at - make_interval(secs => ${ms / 1000})`.execute(
      auth().db,
    )
  const expectEnded = async (accessToken: string) =>
    eventually(async () => expect((await me(auth(), accessToken)).status).toBe(401), 1000)

  test('A3 each refresh spends the token and gives another; the access token is new and good', async () => {
    const first = await signUp(auth())
    const second = withRefreshToken(await refresh(auth(), first.refreshToken))
    const third = withRefreshToken(await refresh(auth(), second.refreshToken))
    expect(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size).toBe(3)
    expect((await me(auth(), third.accessToken)).status).toBe(200)
    expect(await sessionsOf(first.user.id)).toHaveLength(1)
  })

  test('A3 refuses what is not a refresh token, and no token', async () => {
    const invalid = { status: 401, code: 'invalid-refresh-token' }
    expect((await refresh(auth(), 'x'.repeat(43))).problem()).toMatchObject(invalid)
    expect((await auth().call('POST', '/v1/auth/refresh')).problem()).toMatchObject(invalid)
  })

  test('S8 50 parallel refreshes with one token give one successor in one session', async () => {
    const { refreshToken, user } = await signUp(auth())
    const replies = await Promise.all(Array.from({ length: 50 }, () => refresh(auth(), refreshToken)))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
    const successors = new Set(replies.map((reply) => withRefreshToken(reply).refreshToken))
    expect(successors.size).toBe(1)
    const sessions = await sessionsOf(user.id)
    expect(sessions).toHaveLength(1)
    expect(
      await auth()
        .db.selectFrom('refresh_tokens')
        .select('hash')
        .where('session_id', '=', sessions[0]?.id ?? '')
        .execute(),
    ).toHaveLength(2)
    const [successor = ''] = successors
    expect((await refresh(auth(), successor)).status).toBe(200)
  })

  test('A3 X34 a session is refreshed 120 times a minute at most, and no other one waits for it', async () => {
    const [{ refreshToken }, other] = [await signUp(auth()), await signUp(auth())]
    const replies = await Promise.all(Array.from({ length: 130 }, () => refresh(auth(), refreshToken)))
    const refused = replies.filter(({ status }) => status !== 200)
    expect(refused).toHaveLength(10)
    for (const reply of refused) expect(reply.problem()).toMatchObject({ status: 429, code: 'rate-limited' })
    expect((await refresh(auth(), other.refreshToken)).status).toBe(200)
  })

  test('A3 S8 a client that lost its answers gets the same successor as often as it asks', async () => {
    const { refreshToken, user } = await signUp(auth())
    const { refreshToken: successor } = withRefreshToken(await refresh(auth(), refreshToken))
    for (let lost = 0; lost < 10; lost += 1) {
      await age(retryMs - 1000)
      expect(withRefreshToken(await refresh(auth(), refreshToken)).refreshToken).toBe(successor)
    }
    const next = withRefreshToken(await refresh(auth(), successor))
    expect((await me(auth(), next.accessToken)).status).toBe(200)
    expect(await sessionsOf(user.id)).toMatchObject([{ revoked_at: null }])
  })

  test('S7 S8 a person who comes back with a spent token after the time for retries ends the session', async () => {
    const { refreshToken, accessToken } = await signUp(auth())
    const { refreshToken: successor } = withRefreshToken(await refresh(auth(), refreshToken))
    await age(retryMs + 1)
    expect((await refresh(auth(), refreshToken)).problem()).toMatchObject({ status: 401, code: 'refresh-token-reused' })
    expect((await refresh(auth(), successor)).problem()).toMatchObject({ status: 401, code: 'invalid-refresh-token' })
    await expectEnded(accessToken)
  })

  test('S7 a retry that is answered does not shield a thief: once the successor is used, the old token ends the family', async () => {
    const { refreshToken } = await signUp(auth())
    const { refreshToken: successor } = withRefreshToken(await refresh(auth(), refreshToken))
    expect(withRefreshToken(await refresh(auth(), refreshToken)).refreshToken).toBe(successor)
    const child = withRefreshToken(await refresh(auth(), successor))
    expect((await refresh(auth(), refreshToken)).problem()).toMatchObject({ code: 'refresh-token-reused' })
    await expectEnded(child.accessToken)
    expect((await refresh(auth(), child.refreshToken)).status).toBe(401)
  })

  test('S7 a grand-parent ends the family at once, is told on the bus and listed', async () => {
    const told: Revocation[] = []
    const { bus, log } = auth().stage
    const subscription = subscribe(bus, authBus.revoked, {}, (revocation) => told.push(revocation), log)
    await subscription.ready()
    const { refreshToken, user } = await signUp(auth())
    const parent = withRefreshToken(await refresh(auth(), refreshToken))
    const child = withRefreshToken(await refresh(auth(), parent.refreshToken))
    expect((await refresh(auth(), refreshToken)).problem()).toMatchObject({ code: 'refresh-token-reused' })
    await expectEnded(child.accessToken)
    expect((await refresh(auth(), child.refreshToken)).status).toBe(401)
    const [session] = await sessionsOf(user.id)
    await eventually(() => expect(told).toMatchObject([{ kind: 'session', id: session?.id }]), 1000)
    subscription.unsubscribe()
    const { items } = await request(bus, authBus.revocations, { since: (told[0]?.at ?? 0) - 1 })
    expect(items).toContainEqual(told[0])
  })

  test('A4 logout ends the session that its refresh token names, and only that; again it does nothing', async () => {
    const one = await signUp(auth())
    const login = { body: { email: one.email, password, tokenDelivery: 'body' } }
    const two = withRefreshToken(await auth().call('POST', '/v1/auth/login', login))
    for (const status of [204, 204]) expect((await logout({ refreshToken: one.refreshToken })).status).toBe(status)
    await expectEnded(one.accessToken)
    expect((await refresh(auth(), one.refreshToken)).status).toBe(401)
    expect((await me(auth(), two.accessToken)).status).toBe(200)
    expect((await refresh(auth(), two.refreshToken)).status).toBe(200)
  })

  test('A4 logout without a refresh token ends the session of the access token; without any it does nothing', async () => {
    const { accessToken, refreshToken } = await signUp(auth())
    expect((await logout({}, accessToken)).status).toBe(204)
    await expectEnded(accessToken)
    expect((await refresh(auth(), refreshToken)).status).toBe(401)
    expect((await logout({}, accessToken)).status).toBe(204)
    expect((await logout({}, 'nonsense')).status).toBe(204)
    expect((await auth().call('POST', '/v1/auth/logout')).status).toBe(204)
  })

  test('A4 logout-all ends every session and every access token, and leaves the account', async () => {
    const one = await signUp(auth())
    const login = { body: { email: one.email, password, tokenDelivery: 'body' } }
    const two = withRefreshToken(await auth().call('POST', '/v1/auth/login', login))
    expect((await auth().call('POST', '/v1/auth/logout-all', { bearer: one.accessToken, body: {} })).status).toBe(204)
    for (const { accessToken, refreshToken } of [one, two]) {
      await expectEnded(accessToken)
      expect((await refresh(auth(), refreshToken)).status).toBe(401)
    }
    const { items } = await request(auth().stage.bus, authBus.revocations, { since: 0 })
    expect(items).toContainEqual(expect.objectContaining({ kind: 'user', id: one.user.id, epoch: 1 }))
    const again = withRefreshToken(await auth().call('POST', '/v1/auth/login', login))
    expect((await me(auth(), again.accessToken)).status).toBe(200)
  })

  test('A12 a session ends 30 days after its last refresh, a guest 24 h after it came', async () => {
    const user = await signUp(auth())
    const guest = withRefreshToken(
      await auth().call('POST', '/v1/auth/guest', { body: { name: 'G', tokenDelivery: 'body' } }),
    )
    auth().clock.advance(23 * 3600_000)
    const guestLater = withRefreshToken(await refresh(auth(), guest.refreshToken))
    auth().clock.advance(3600_000)
    expect((await refresh(auth(), guestLater.refreshToken)).problem()).toMatchObject({ code: 'invalid-refresh-token' })
    auth().clock.advance(28 * 24 * 3600_000)
    const later = withRefreshToken(await refresh(auth(), user.refreshToken))
    auth().clock.advance(29 * 24 * 3600_000)
    const latest = withRefreshToken(await refresh(auth(), later.refreshToken))
    auth().clock.advance(30 * 24 * 3600_000)
    expect((await refresh(auth(), latest.refreshToken)).problem()).toMatchObject({ code: 'invalid-refresh-token' })
  })
}
