import { newId } from '@parley/kit'
import { answered } from '@parley/kit/testing'
import { expect, test } from 'vitest'
import type { Reply, TestAuth } from '../harness.ts'
import { me, refresh, withRefreshToken } from '../people.ts'

const edge = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'meet.example', origin: 'https://meet.example' }

/** An account or a guest is made once, however often its lost answer is asked for: A1, A8, X9d. */
export function keysSuite(auth: () => TestAuth, startAnother: () => Promise<TestAuth>): void {
  const account = (tokenDelivery: 'body' | 'cookie' = 'body') => ({
    email: `${newId()}@example.org`,
    password: 'a good long password',
    name: 'Ada',
    tokenDelivery,
  })
  const post = (path: string, body: object, key: string, by = auth()): Promise<Reply> =>
    by.call('POST', path, { body, headers: { ...edge, 'idempotency-key': key } })
  const usersCalled = (name: string) =>
    auth().db.selectFrom('users').select(['id', 'email']).where('name', '=', name).execute()
  const kept = async () => JSON.stringify(await auth().db.selectFrom('kept_answers').selectAll().execute())

  test('X9d A1 another replica repeats the lost answer of a registration, and does not say that its address is taken', async () => {
    const another = await startAnother()
    const body = account()
    const key = newId()
    const first = await post('/v1/auth/register', body, key)
    const again = await post('/v1/auth/register', body, key, another)
    expect([again.status, again.text]).toEqual([201, first.text])
    const { accessToken, refreshToken } = withRefreshToken(again)
    expect((await me(another, accessToken)).as()).toMatchObject({ email: body.email })
    expect((await refresh(another, refreshToken)).status).toBe(200)
    const { items } = (await auth().call('GET', '/v1/auth/sessions', { bearer: accessToken })).as<{ items: object[] }>()
    expect(items).toHaveLength(1)
    await another.stop()
  })

  test('A1 without the key, under another one, or with another password, the address is taken or the key is', async () => {
    const body = account()
    const key = newId()
    await post('/v1/auth/register', body, key)
    const others = [
      await auth().call('POST', '/v1/auth/register', { body }),
      await post('/v1/auth/register', body, newId()),
      await post('/v1/auth/register', { ...body, password: 'another long password' }, key),
      await post('/v1/auth/guest', { name: 'Ada', tokenDelivery: 'body' }, key),
    ]
    expect(others.map((reply) => reply.problem().code)).toEqual([
      'email-taken',
      'email-taken',
      'idempotency-conflict',
      'idempotency-conflict',
    ])
  })

  test('X9d A1 A8 20 parallel requests with one key make one account, and one guest', async () => {
    const another = await startAnother()
    for (const [path, body] of [
      ['/v1/auth/register', { ...account(), name: 'Once Only' }],
      ['/v1/auth/guest', { name: 'Once Guest', tokenDelivery: 'body' }],
    ] as const) {
      const key = newId()
      const sent = Array.from({ length: 20 }, (_, at) =>
        answered(() => post(path, body, key, at % 2 === 0 ? auth() : another)),
      )
      const replies = await Promise.all(sent)
      expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
      expect(replies[0]?.status).toBe(201)
      expect(await usersCalled(body.name)).toHaveLength(1)
    }
    await another.stop()
  })

  test('X9d A8 a guest’s cookies come again with the answer', async () => {
    const key = newId()
    const first = await post('/v1/auth/guest', { name: 'Cookie' }, key)
    const again = await post('/v1/auth/guest', { name: 'Cookie' }, key)
    expect(first.cookies).toHaveLength(2)
    expect([again.cookies, again.text]).toEqual([first.cookies, first.text])
    expect(again.headers.get('cache-control')).toBe('no-store')
  })

  test('X9d a key of anybody has to be one that nobody else thinks of', async () => {
    for (const key of ['', 'guest-1', 'k'.repeat(15), 'k'.repeat(256), 'this one has spaces']) {
      const reply = await post('/v1/auth/guest', { name: 'Short' }, key)
      expect([reply.status, reply.problem().errors?.[0]?.path]).toEqual([400, 'headers.idempotency-key'])
    }
    expect(await usersCalled('Short')).toEqual([])
  })

  test('S9 a kept answer shows no token, no cookie and no key', async () => {
    const key = newId()
    const body = account('cookie')
    const first = await post('/v1/auth/register', body, key)
    const guest = await post('/v1/auth/guest', { name: 'Secret' }, `${key}-guest`)
    const text = await kept()
    const cookies = [...first.cookies, ...guest.cookies].map((cookie) => /=([^;]+)/.exec(cookie)?.[1] ?? '')
    expect(cookies).toHaveLength(3)
    for (const secret of [first.tokens().accessToken, guest.tokens().accessToken, key, body.password, ...cookies])
      expect(text).not.toContain(secret)
  })
}
