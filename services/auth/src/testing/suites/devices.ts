import type { Session } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { expect, test } from 'vitest'
import type { TestAuth } from '../harness.ts'
import { me, password, refresh, signUp, withRefreshToken } from '../people.ts'

/** Where an account is signed in: A9. */
export function devicesSuite(auth: () => TestAuth): void {
  const list = async (bearer: string) =>
    (await auth().call('GET', '/v1/auth/sessions', { bearer })).as<{ items: Session[] }>().items
  const end = (id: string, bearer: string) => auth().call('DELETE', `/v1/auth/sessions/${id}`, { bearer })
  const login = async (email: string, userAgent: string) =>
    withRefreshToken(
      await auth().call('POST', '/v1/auth/login', {
        body: { email, password, tokenDelivery: 'body' },
        headers: { 'user-agent': userAgent, 'x-forwarded-for': '192.0.2.7' },
      }),
    )

  test('A9 lists one’s own live sessions, last used first, and says which one asks', async () => {
    const { email, refreshToken } = await signUp(auth())
    await signUp(auth())
    auth().clock.advance(1000)
    const two = await login(email, 'Firefox')
    auth().clock.advance(1000)
    const one = withRefreshToken(await refresh(auth(), refreshToken))
    const items = await list(two.accessToken)
    expect(items).toHaveLength(2)
    expect(items.map(({ current }) => current)).toEqual([false, true])
    expect(items[1]).toMatchObject({ userAgent: 'Firefox', address: '192.0.2.7' })
    expect(items[0]?.lastUsedAt).not.toBe(items[0]?.createdAt)
    expect((await list(one.accessToken)).map(({ current }) => current)).toEqual([true, false])
  })

  test('A9 S16 ends one of them: its tokens die, the others live; it is listed no more', async () => {
    const one = await signUp(auth())
    const two = await login(one.email, 'Phone')
    const lost = (await list(one.accessToken)).find(({ userAgent }) => userAgent === 'Phone')
    expect((await end(lost?.id ?? '', one.accessToken)).status).toBe(204)
    await eventually(async () => expect((await me(auth(), two.accessToken)).status).toBe(401), 1000)
    expect((await refresh(auth(), two.refreshToken)).status).toBe(401)
    expect(await list(one.accessToken)).toMatchObject([{ current: true }])
    expect((await end(lost?.id ?? '', one.accessToken)).problem()).toMatchObject({ code: 'not-found' })
  })

  test('A9 S21 nobody ends or sees a session of somebody else', async () => {
    const [one, two] = [await signUp(auth()), await signUp(auth())]
    const [theirs] = await list(two.accessToken)
    expect((await end(theirs?.id ?? '', one.accessToken)).problem()).toMatchObject({ status: 404, code: 'not-found' })
    expect((await me(auth(), two.accessToken)).status).toBe(200)
    expect((await end('no-id', one.accessToken)).status).toBe(400)
    expect((await auth().call('GET', '/v1/auth/sessions')).status).toBe(401)
  })

  test('A9 ending the session that asks clears its cookie', async () => {
    const { accessToken } = await signUp(auth())
    const [own] = await list(accessToken)
    const reply = await end(own?.id ?? '', accessToken)
    expect(reply.cookies[0]).toMatch(/^parley_refresh=; Max-Age=0/)
    await eventually(async () => expect((await me(auth(), accessToken)).status).toBe(401), 1000)
  })
}
