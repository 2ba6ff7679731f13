import bcrypt from 'bcrypt'
import { eventually } from '@parley/kit/testing'
import { expect, test } from 'vitest'
import type { TestAuth } from '../harness.ts'
import { me, password, refresh, signUp, withRefreshToken, type SignedIn } from '../people.ts'

const next = 'a better password'

/** Changing the password, and what keeps it safe: A6, A2. */
export function passwordsSuite(auth: () => TestAuth): void {
  const change = (bearer: string, currentPassword: string, newPassword: string) =>
    auth().call('POST', '/v1/auth/change-password', { body: { currentPassword, newPassword }, bearer })
  const login = (email: string, secret: string) =>
    auth().call('POST', '/v1/auth/login', { body: { email, password: secret, tokenDelivery: 'body' } })
  const hashOf = async ({ user }: SignedIn) =>
    (await auth().db.selectFrom('users').select('password_hash').where('id', '=', user.id).executeTakeFirstOrThrow())
      .password_hash ?? ''

  test('A6 S16 changes the password and ends the other sessions, not this one', async () => {
    const one = await signUp(auth())
    const two = withRefreshToken(await login(one.email, password))
    expect((await change(one.accessToken, password, next)).status).toBe(204)
    await eventually(async () => expect((await me(auth(), two.accessToken)).status).toBe(401), 1000)
    expect((await refresh(auth(), two.refreshToken)).status).toBe(401)
    expect((await me(auth(), one.accessToken)).status).toBe(200)
    expect((await refresh(auth(), one.refreshToken)).status).toBe(200)
    expect((await login(one.email, password)).status).toBe(401)
    expect((await login(one.email, next)).status).toBe(200)
  })

  test('A6 refuses a wrong current password, and a new one that is too short or too long', async () => {
    const { accessToken, email } = await signUp(auth())
    const wrong = await change(accessToken, 'wrong password', next)
    expect(wrong.problem()).toMatchObject({ status: 401, code: 'invalid-credentials' })
    expect((await change(accessToken, password, 'short')).problem()).toMatchObject({ code: 'invalid-input' })
    expect((await change(accessToken, password, 'é'.repeat(40))).problem()).toMatchObject({
      code: 'invalid-input',
      errors: [{ path: '/newPassword' }],
    })
    expect((await login(email, password)).status).toBe(200)
  })

  test('A6 S19 guesses are limited per person, from whatever address', async () => {
    const { accessToken } = await signUp(auth())
    const other = await signUp(auth())
    const statuses: number[] = []
    for (let guess = 0; guess < 12; guess += 1)
      statuses.push((await change(accessToken, `guess ${guess}`, next)).status)
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429])
    expect((await change(other.accessToken, password, next)).status).toBe(204)
  })

  test('A6 of two changes at once one wins, and a guest has no password', async () => {
    const { accessToken, email } = await signUp(auth())
    const replies = await Promise.all([1, 2].map((n) => change(accessToken, password, `${next} ${n}`)))
    const won = replies.findIndex(({ status }) => status === 204)
    expect(replies.map(({ status }) => status).sort()).toEqual([204, 401])
    expect((await login(email, `${next} ${won + 1}`)).status).toBe(200)
    const guest = await auth().call('POST', '/v1/auth/guest', { body: { name: 'G' } })
    expect((await change(guest.tokens().accessToken, password, next)).status).toBe(403)
  })

  test('A6 a sign-in with the old password that races the change does not outlive it', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { accessToken, email } = await signUp(auth())
      const racing = Array.from({ length: 4 }, () => login(email, password))
      const changed = await change(accessToken, password, next)
      expect(changed.status).toBe(204)
      for (const reply of await Promise.all(racing)) {
        if (reply.status === 401) continue
        expect((await refresh(auth(), withRefreshToken(reply).refreshToken)).status).toBe(401)
      }
    }
  })

  test('A2 a hash that is cheaper than today’s is made anew at the next sign-in', async () => {
    const someone = await signUp(auth())
    await auth()
      .db.updateTable('users')
      .set({ password_hash: await bcrypt.hash(password, 4) })
      .where('id', '=', someone.user.id)
      .execute()
    const before = await hashOf(someone)
    expect((await login(someone.email, 'wrong password')).status).toBe(401)
    expect(await hashOf(someone)).toBe(before)
    const both = await Promise.all([login(someone.email, password), login(someone.email, password)])
    expect(both.map(({ status }) => status)).toEqual([200, 200])
    await eventually(async () => expect(await hashOf(someone)).toMatch(/^\$2b\$05\$/))
    expect((await login(someone.email, password)).status).toBe(200)
  })
}
