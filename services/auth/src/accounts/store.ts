import { formerAddress, readAddress } from '@parley/kit'
import type { Db, NewUser, UserRow } from '../tables.ts'

/** The names of the unique constraints, to tell what is taken. */
export const emailKey = 'users_email_key'
export const usernameKey = 'users_username_key'

export const insertUser = (trx: Db, user: NewUser): Promise<UserRow> =>
  trx.insertInto('users').values(user).returningAll().executeTakeFirstOrThrow()

export const findUser = (db: Db, id: string): Promise<UserRow | undefined> =>
  db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()

/** Locked against changes until the transaction ends: whoever signs in knows that no password change is passing by. */
export const holdUser = (trx: Db, id: string): Promise<UserRow | undefined> =>
  trx.selectFrom('users').selectAll().where('id', '=', id).forShare().executeTakeFirst()

export const findUserByEmail = (db: Db, email: string): Promise<UserRow | undefined> =>
  db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst()

/**
 * The account of an address as a person types it. Addresses of accounts are in the spelling of `readAddress`, with an exception. When that
 * spelling came in, another account could already have it: these are found by their former one.
 */
export async function findUserByAddress(db: Db, typed: string): Promise<UserRow | undefined> {
  // PostgreSQL takes no NUL in a text, so no account has one.
  if (typed.includes('\0') || !typed.isWellFormed()) return undefined
  const former = formerAddress(typed)
  const read = readAddress(typed)
  const spellings = 'value' in read ? [former, read.value] : [former]
  const found = await db.selectFrom('users').selectAll().where('email', 'in', spellings).execute()
  return found.find(({ email }) => email === former) ?? found[0]
}

/** Changes a profile; tells what it was before, or undefined without such a user. */
export async function changeUser(
  trx: Db,
  id: string,
  changes: Partial<Pick<UserRow, 'name' | 'username' | 'avatar_file_id'>>,
  at: Date,
): Promise<{ before: UserRow; after: UserRow } | undefined> {
  const before = await trx.selectFrom('users').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  if (before === undefined) return undefined
  const update = trx
    .updateTable('users')
    .set({ ...changes, updated_at: at })
    .where('id', '=', id)
  return { before, after: await update.returningAll().executeTakeFirstOrThrow() }
}

/** Makes every access token of the user so far a dead one. Returns the new epoch, or undefined without such a user. */
export async function raiseEpoch(trx: Db, id: string): Promise<number | undefined> {
  const raised = await trx
    .updateTable('users')
    .set((eb) => ({ epoch: eb('epoch', '+', 1) }))
    .where('id', '=', id)
    .returning('epoch')
    .executeTakeFirst()
  return raised?.epoch
}

/** A new password. Returns false when `version` is given and the password has been changed since. */
export async function setPassword(
  trx: Db,
  id: string,
  { hash, version, at }: { hash: string; version?: number; at: Date },
): Promise<boolean> {
  const update = trx
    .updateTable('users')
    .set((eb) => ({ password_hash: hash, password_version: eb('password_version', '+', 1), updated_at: at }))
    .where('id', '=', id)
  const guarded = version === undefined ? update : update.where('password_version', '=', version)
  return (await guarded.executeTakeFirst()).numUpdatedRows > 0n
}

/** The same password under another hash, unless somebody was first. */
export async function replaceHash(db: Db, id: string, { from, to }: { from: string; to: string }): Promise<void> {
  await db
    .updateTable('users')
    .set({ password_hash: to })
    .where('id', '=', id)
    .where('password_hash', '=', from)
    .execute()
}

/** Notes that the address is theirs, if it still is the account's. */
export async function markVerified(trx: Db, id: string, email: string, at: Date): Promise<void> {
  await trx
    .updateTable('users')
    .set({ email_verified_at: at, updated_at: at })
    .where('id', '=', id)
    .where('email', '=', email)
    .where('email_verified_at', 'is', null)
    .execute()
}

/** Notes that the owner of the address wants nothing to do with the account. */
export async function markRefused(trx: Db, id: string, email: string, at: Date): Promise<void> {
  await trx
    .updateTable('users')
    .set({ email_refused_at: at })
    .where('id', '=', id)
    .where('email', '=', email)
    .where('email_verified_at', 'is', null)
    .execute()
}

/** The guest whose browser keeps this key, under a new name; a new one if there is none. */
export const keepGuest = (trx: Db, guest: NewUser): Promise<UserRow> =>
  trx
    .insertInto('users')
    .values(guest)
    .onConflict((conflict) =>
      conflict.column('guest_key').doUpdateSet({ name: guest.name, updated_at: guest.updated_at }),
    )
    .returningAll()
    .executeTakeFirstOrThrow()
