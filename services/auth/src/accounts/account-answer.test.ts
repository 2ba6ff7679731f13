import { createLogger, migrate, newId, openDatabase, type DatabaseHost } from '@parley/kit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrations } from '../migrations/index.ts'
import type { Db, NewUser, Tables } from '../tables.ts'
import { accountOf } from './account-answer.ts'
import { insertUser } from './store.ts'

const log = createLogger({ service: 'auth-test', level: 'silent' })
let host: DatabaseHost
let db: Db
beforeAll(async () => {
  host = await openDatabase({}, { log })
  await migrate(host, { schema: 'auth', migrations })
  db = host.schema<Tables>('auth')
})
afterAll(() => host.close())

const add = async (user: Pick<NewUser, 'kind' | 'email'>, verifiedAt: Date | null = null): Promise<string> => {
  const at = new Date()
  const none = { username: null, password_hash: null, email_verified_at: verifiedAt }
  return (await insertUser(db, { id: newId(), name: 'Ann', created_at: at, updated_at: at, ...none, ...user })).id
}

test('M12 tells other services of an account its address, and whether it is verified', async () => {
  const ann = await add({ kind: 'user', email: 'ann@example.org' })
  expect(await accountOf(db, ann)).toEqual({ name: 'Ann', email: 'ann@example.org', emailVerified: false })
  const bob = await add({ kind: 'user', email: 'bob@example.org' }, new Date())
  expect(await accountOf(db, bob)).toMatchObject({ email: 'bob@example.org', emailVerified: true })
})

test('M12 guests and unknown ids are no accounts', async () => {
  const guest = await add({ kind: 'guest', email: null })
  for (const id of [guest, newId()]) await expect(accountOf(db, id)).rejects.toMatchObject({ code: 'not-found' })
})
