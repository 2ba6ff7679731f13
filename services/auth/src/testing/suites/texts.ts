import bcrypt from 'bcrypt'
import { authBus, meetingsBus, type User } from '@parley/contracts'
import { respond, subscribe } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { tellRename } from '../../accounts/renames.ts'
import { tellStanding } from '../../accounts/standings.ts'
import { createUsers } from '../../admin/users.ts'
import { addresses } from '../../migrations/0004-addresses.ts'
import type { TestAuth } from '../harness.ts'
import { freshEmail, me, password, refresh, signUp, signUpByCookie } from '../people.ts'

let count = 0
const unique = (): string => `t${Date.now().toString(36)}${(count += 1)}`

/** The texts that people type and others read: docs/spec/text.md. */
export function textsSuite(auth: () => TestAuth): void {
  const post = (path: string, body: object) => auth().call('POST', path, { body })
  const login = (email: string, secret: string) => post('/v1/auth/login', { email, password: secret })
  const rowOf = (id: string) => auth().db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

  test.each(['\u200b', ' \u202e', '\u3164', 'Ana\u00ad', '\u2800', 'a\u0085', `a${'\u0301'.repeat(79)}`])(
    'A1 A5 A8 no way to an account or a guest takes the name %j',
    async (name) => {
      const { accessToken } = await signUp(auth())
      const ways = [
        await post('/v1/auth/register', { email: freshEmail(), password, name }),
        await post('/v1/auth/guest', { name }),
        await auth().call('PATCH', '/v1/me', { body: { name }, bearer: accessToken }),
      ]
      for (const way of ways)
        expect(way.problem()).toMatchObject({ status: 400, code: 'invalid-input', errors: [{ path: '/name' }] })
    },
  )

  test('A1 A5 names are kept as they are shown', async () => {
    const { user, accessToken } = await signUp(auth(), { name: '  Zoe\u0308 \u00a0 K. ' })
    expect(user.name).toBe('Zoë K.')
    const reply = await auth().call('PATCH', '/v1/me', { body: { name: ' می‌خواهم ' }, bearer: accessToken })
    expect(reply.as<User>().name).toBe('می‌خواهم')
  })

  test('A1 A6 a password is the same from every keyboard, in 72 bytes of its normal form', async () => {
    const [typed, composed] = ['longenoughe\u0301 \u00a0', 'longenough\u00e9  ']
    const { email, accessToken } = await signUp(auth(), { password: typed })
    for (const secret of [typed, composed]) expect((await login(email, secret)).status).toBe(200)
    const body = { currentPassword: composed, newPassword: 'o\u0308'.repeat(36) }
    expect((await auth().call('POST', '/v1/auth/change-password', { body, bearer: accessToken })).status).toBe(204)
    expect((await login(email, 'ö'.repeat(36))).status).toBe(200)
    const long = await post('/v1/auth/register', { email: freshEmail(), password: 'ö'.repeat(37), name: 'A' })
    expect(long.problem()).toMatchObject({ code: 'invalid-input', errors: [{ path: '/password' }] })
    const blank = await post('/v1/auth/register', { email: freshEmail(), password: ' '.repeat(12), name: 'A' })
    expect(blank.problem()).toMatchObject({ code: 'invalid-input', errors: [{ path: '/password' }] })
  })

  test('A6 a hash from before passwords were normalised still works, and is renewed', async () => {
    const { email, user } = await signUp(auth())
    const typed = 'longenoughe\u0301'
    const former = await bcrypt.hash(typed, 5)
    await auth().db.updateTable('users').set({ password_hash: former }).where('id', '=', user.id).execute()
    expect((await login(email, 'longenough\u00e9')).status).toBe(401)
    expect((await login(email, typed)).status).toBe(200)
    await eventually(async () => expect((await rowOf(user.id)).password_hash).not.toBe(former), 2000)
    for (const secret of ['longenough\u00e9', typed]) expect((await login(email, secret)).status).toBe(200)
  })

  test('A1 an address in any spelling is one account, and is shown as people write it', async () => {
    const local = unique()
    const { user } = await signUp(auth(), { email: `${local}@b\u00fccher.example` })
    expect(user.email).toBe(`${local}@b\u00fccher.example`)
    expect((await rowOf(user.id)).email).toBe(`${local}@xn--bcher-kva.example`)
    for (const domain of ['xn--bcher-kva.example', 'bu\u0308cher.example', 'B\u00dcCHER\u3002example']) {
      const again = await post('/v1/auth/register', { email: `${local}@${domain}`, password, name: 'B' })
      expect(again.problem()).toMatchObject({ status: 409, code: 'email-taken' })
      expect((await login(`${local}@${domain}`, password)).status).toBe(200)
    }
  })

  test.each(['a@b..c', '.a@b.c', 'a@b.c.', 'a..b@c.d', 'a\u200b@b.c', 'a@b\u200b.c', 'a\u202e@b.c', 'a@[1.2.3.4]'])(
    'A1 A11 %j is no address',
    async (email) => {
      for (const reply of [
        await post('/v1/auth/register', { email, password, name: 'A' }),
        await post('/v1/auth/forgot-password', { email }),
      ])
        expect(reply.problem()).toMatchObject({ status: 400, code: 'invalid-input', errors: [{ path: '/email' }] })
    },
  )

  test('A2 older accounts keep working; an address that two accounts share stays as it is', async () => {
    const [alone, twin] = [unique(), unique()]
    const first = await signUp(auth())
    const [second, third] = [await signUp(auth(), { email: `${twin}@xn--bcher-kva.example` }), await signUp(auth())]
    const rename = (id: string, email: string) =>
      auth().db.updateTable('users').set({ email }).where('id', '=', id).execute()
    await rename(first.user.id, `${alone}@b\u00fccher.example`)
    await rename(third.user.id, `${twin}@b\u00fccher.example`)
    await auth()
      .db.transaction()
      .execute(async (trx) => {
        await sql`set local search_path to auth`.execute(trx)
        await addresses.up(trx)
      })
    expect((await rowOf(first.user.id)).email).toBe(`${alone}@xn--bcher-kva.example`)
    expect((await rowOf(third.user.id)).email).toBe(`${twin}@b\u00fccher.example`)
    const idOf = async (email: string) => (await login(email, password)).tokens().user.id
    expect(await idOf(`${alone}@b\u00fccher.example`)).toBe(first.user.id)
    expect(await idOf(`${twin}@b\u00fccher.example`)).toBe(third.user.id)
    expect(await idOf(`${twin}@xn--bcher-kva.example`)).toBe(second.user.id)
  })

  test('A5 a new name is published, another change of the account is not', async () => {
    const told: unknown[] = []
    const { user, accessToken } = await signUp(auth(), { name: 'Before' })
    const ear = subscribe(auth().stage.bus, authBus.renamed, {}, (change) => told.push(change), auth().stage.log)
    const change = (body: object) => auth().call('PATCH', '/v1/me', { body, bearer: accessToken })
    await change({ username: unique() })
    await change({ name: ' Before' })
    await change({ name: 'After' })
    await eventually(() => expect(told).toEqual([{ userId: user.id, before: 'Before', name: 'After' }]), 2000)
    ear.unsubscribe()
  })

  test('A13 O10.11 meetings is asked whether an account is disabled or removed, until it has confirmed, as it is now', async () => {
    const { stage, db } = auth()
    const { user } = await signUp(auth())
    const users = createUsers({ db, cost: 4 })
    const mine = db.selectFrom('standings').selectAll().where('user_id', '=', user.id)
    const tell = async () => {
      await db
        .updateTable('standings')
        .set({ due_at: new Date(0) })
        .execute()
      while (await tellStanding({ db, bus: stage.bus }));
    }
    await users.disable(user.id)
    await eventually(() => expect(tell()).rejects.toMatchObject({ code: 'unavailable' }), 15_000)
    expect(await mine.execute()).toHaveLength(1)
    const told: boolean[] = []
    const answer = async (input: { userId: string; disabled: boolean }) => {
      if (input.userId === user.id) told.push(input.disabled)
      return {}
    }
    const ear = respond(stage.bus, meetingsBus.standing, 'meetings', answer, stage.log)
    const untilTold = (all: boolean[]) =>
      eventually(async () => {
        await tell()
        expect(await mine.execute()).toEqual([])
        expect(told).toEqual(all)
      }, 15_000)
    await untilTold([true])
    await users.enable(user.id)
    await untilTold([true, false])
    await users.remove(user.id)
    await untilTold([true, false, true])
    ear.unsubscribe()
  })

  test('A5 meetings is asked to follow each new name until it has confirmed, with the present one', async () => {
    const { stage, db } = auth()
    const { user, accessToken } = await signUp(auth(), { name: 'One' })
    for (const name of ['Two', 'Three']) await auth().call('PATCH', '/v1/me', { body: { name }, bearer: accessToken })
    const mine = db.selectFrom('renames').select('before').where('user_id', '=', user.id).orderBy('at')
    const due = () =>
      db
        .updateTable('renames')
        .set({ due_at: new Date(0) })
        .where('user_id', '=', user.id)
        .execute()
    expect(await mine.execute()).toEqual([{ before: 'One' }, { before: 'Two' }])
    // Nobody answers.
    await eventually(async () => {
      await due()
      await expect(tellRename({ db, bus: stage.bus })).rejects.toMatchObject({ code: 'unavailable' })
    }, 15_000)
    const asked: unknown[] = []
    const answer = async (input: { userId: string }) => {
      if (input.userId === user.id) asked.push(input)
      return {}
    }
    const ear = respond(stage.bus, meetingsBus.rename, 'meetings', answer, stage.log)
    await due()
    await eventually(async () => {
      await tellRename({ db, bus: stage.bus })
      expect(await mine.execute()).toEqual([])
    }, 15_000)
    ear.unsubscribe()
    expect(asked).toEqual(
      expect.arrayContaining([
        { userId: user.id, before: 'One', name: 'Three' },
        { userId: user.id, before: 'Two', name: 'Three' },
      ]),
    )
  })

  test('A8 a guest never takes the place of an account that is signed in by cookie', async () => {
    const { cookie, edge } = await signUpByCookie(auth())
    const guest = await auth().call('POST', '/v1/auth/guest', { body: { name: 'G' }, headers: { ...edge, cookie } })
    const { refreshToken = '', user } = guest.tokens()
    expect(guest.cookies.filter((line) => line.includes('parley_refresh'))).toEqual([])
    expect((await refresh(auth(), refreshToken)).tokens().user.id).toBe(user.id)
    const out = await auth().call('POST', '/v1/auth/logout', { body: { refreshToken }, headers: { ...edge, cookie } })
    expect([out.status, out.cookies]).toEqual([204, []])
    const again = await auth().call('POST', '/v1/auth/refresh', { body: {}, headers: { ...edge, cookie } })
    expect(again.tokens().user.kind).toBe('user')
    // Nobody is signed in any more: the next guest has the cookie, as ever.
    const [renewed = ''] = again.cookies
    const mine = renewed.split(';', 1)[0] ?? ''
    await auth().call('POST', '/v1/auth/logout', { body: {}, headers: { ...edge, cookie: mine } })
    const next = await auth().call('POST', '/v1/auth/guest', {
      body: { name: 'G' },
      headers: { ...edge, cookie: mine },
    })
    expect(next.cookies.some((line) => line.includes('parley_refresh'))).toBe(true)
  })

  test('A4 anyone who signs out by token leaves the cookie of somebody else alone', async () => {
    const ana = await signUp(auth())
    const { cookie, edge } = await signUpByCookie(auth())
    const out = await auth().call('POST', '/v1/auth/logout', {
      body: {},
      bearer: ana.accessToken,
      headers: { ...edge, cookie },
    })
    expect([out.status, out.cookies]).toEqual([204, []])
    await eventually(async () => expect((await me(auth(), ana.accessToken)).status).toBe(401), 1000)
    expect((await auth().call('POST', '/v1/auth/refresh', { body: {}, headers: { ...edge, cookie } })).status).toBe(200)
  })
}
