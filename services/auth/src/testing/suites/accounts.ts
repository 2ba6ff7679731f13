import type { User } from '@parley/contracts'
import { expect, test } from 'vitest'
import type { TestAuth } from '../harness.ts'
import { freshEmail, me, password, signUp } from '../people.ts'

/** Accounts and guests: A1, A2, A5, A8 and what guards them. */
export function accountsSuite(auth: () => TestAuth): void {
  const register = (body: unknown) => auth().call('POST', '/v1/auth/register', { body })
  const login = (body: unknown) => auth().call('POST', '/v1/auth/login', { body })

  test('A1 registers an account and signs in; the e-mail address is kept in lower case', async () => {
    const email = freshEmail()
    const reply = await register({
      email: email.toUpperCase(),
      password,
      name: 'Ada Lovelace',
      username: `ada.${Date.now()}`,
    })
    expect(reply.status).toBe(201)
    const { user, accessToken, tokenType, expiresIn, refreshToken } = reply.tokens()
    expect(user).toMatchObject({ kind: 'user', email, name: 'Ada Lovelace' })
    expect([tokenType, expiresIn, refreshToken]).toEqual(['Bearer', 900, undefined])
    expect(reply.cookies).toHaveLength(1)
    expect(reply.headers.get('cache-control')).toBe('no-store')
    expect((await me(auth(), accessToken)).as<User>()).toEqual(user)
  })

  test('A1 refuses a taken e-mail address in any case, and a taken user name', async () => {
    const username = `u${Date.now()}`
    const { email } = await signUp(auth(), { username })
    expect((await register({ email: email.toUpperCase(), password, name: 'B' })).problem()).toMatchObject({
      status: 409,
      code: 'email-taken',
    })
    expect((await register({ email: freshEmail(), username, password, name: 'B' })).problem()).toMatchObject({
      status: 409,
      code: 'username-taken',
    })
  })

  test('A1 of 20 parallel registrations with one address exactly one succeeds', async () => {
    const email = freshEmail()
    const replies = await Promise.all(Array.from({ length: 20 }, () => register({ email, password, name: 'Twin' })))
    const statuses = replies.map(({ status }) => status).sort((a, b) => a - b)
    expect(statuses).toEqual([201, ...Array.from({ length: 19 }, () => 409)])
  })

  test('A1 S22 refuses fields it does not know, and changes nothing', async () => {
    const email = freshEmail()
    const reply = await register({ email, password, name: 'Eve', kind: 'user', epoch: 9, role: 'host' })
    expect(
      reply
        .problem()
        .errors?.map(({ path }) => path)
        .sort((a, b) => a.localeCompare(b)),
    ).toEqual(['/epoch', '/kind', '/role'])
    expect((await login({ email, password })).status).toBe(401)
  })

  test('A2 signs in, whatever the case of the address and the space around it', async () => {
    const { email, user } = await signUp(auth())
    const reply = await login({ email: ` ${email.toUpperCase()} `, password, tokenDelivery: 'body' })
    expect(reply.status).toBe(200)
    expect(reply.tokens().user).toEqual(user)
    expect(reply.tokens().refreshToken).toMatch(/^[\w-]{43}$/)
    expect(reply.cookies).toEqual([])
  })

  test('A2 S18 answers an unknown address, a wrong password and impossible input alike', async () => {
    const { email } = await signUp(auth())
    const attempts = [
      { email, password: 'wrong horse battery' },
      { email: freshEmail(), password },
      { email: 'no address', password },
      { email: `${email}\0`, password },
      { email, password: 'x'.repeat(73) },
      { email, password: `${password}\0` },
    ]
    const replies = await Promise.all(attempts.map(login))
    const bodies = replies.map((reply) => ({ ...reply.problem(), requestId: '' }))
    expect(bodies[0]).toMatchObject({ status: 401, code: 'invalid-credentials', retryable: false })
    for (const body of bodies) expect(body).toEqual(bodies[0])
  })

  test('S17 refuses a new password of 73 bytes, accepts 72 with emoji, refuses 10 MB unread', async () => {
    const emoji = '😀'.repeat(18)
    const long = await register({ email: freshEmail(), password: `${'é'.repeat(36)}x`, name: 'A' })
    expect(long.problem()).toMatchObject({ code: 'invalid-input', errors: [{ path: '/password' }] })
    const email = freshEmail()
    expect((await register({ email, password: emoji, name: 'A' })).status).toBe(201)
    expect((await login({ email, password: emoji })).status).toBe(200)
    expect((await login({ email, password: `${emoji}x` })).status).toBe(401)
    expect(
      (await register({ email, password: 'x'.repeat(10_000_000), name: 'A' }).catch(() => ({ status: 413 }))).status,
    ).toBe(413)
  })

  test('A1 refuses what no e-mail address contains', async () => {
    for (const email of ['a@b@c', 'a b@c.d', 'a\0b@c.d', '@c.d', 'a@']) {
      expect((await register({ email, password, name: 'A' })).problem()).toMatchObject({ code: 'invalid-input' })
    }
  })

  test('A5 changes name and user name; null takes the user name away; a taken one is refused', async () => {
    const { accessToken } = await signUp(auth())
    const other = await signUp(auth(), { username: `taken${Date.now()}` })
    const patch = (body: unknown) => auth().call('PATCH', '/v1/me', { body, bearer: accessToken })
    const username = `new-${Date.now()}`
    expect((await patch({ name: 'Grace', username })).as<User>()).toMatchObject({ name: 'Grace', username })
    expect((await patch({ username: null })).as<User>()).toMatchObject({ name: 'Grace', username: null })
    expect((await patch({ username: other.user.username })).problem()).toMatchObject({
      status: 409,
      code: 'username-taken',
    })
    expect((await patch({})).status).toBe(400)
    expect((await me(auth(), accessToken)).as<User>()).toMatchObject({ name: 'Grace', username: null })
  })

  test('A8 a guest has a name and nothing else, and lasts 24 h however often it refreshes', async () => {
    const reply = await auth().call('POST', '/v1/auth/guest', {
      body: { name: 'Visitor' },
      headers: { 'x-forwarded-proto': 'https' },
    })
    expect(reply.status).toBe(201)
    expect(reply.tokens().user).toMatchObject({ kind: 'guest', name: 'Visitor', email: null, username: null })
    expect(reply.cookies[0]).toContain('Max-Age=86400')
    const { accessToken } = reply.tokens()
    expect((await me(auth(), accessToken)).status).toBe(200)
    expect(
      (await auth().call('PATCH', '/v1/me', { body: { name: 'X' }, bearer: accessToken })).problem(),
    ).toMatchObject({ code: 'forbidden' })
  })
}
