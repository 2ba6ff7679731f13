import { isUniqueViolation, newId, readAddress, secretForm, StartupError, systemClock } from '@parley/kit'
import bcrypt from 'bcrypt'
import { emailKey, findUser, findUserByAddress, insertUser, markVerified, setPassword } from '../accounts/store.ts'
import { insertStanding } from '../accounts/standings.ts'
import { toUser } from '../accounts/user.ts'
import { endEverySession } from '../sessions/endings.ts'
import type { Db, OperatorActionRow, UserRow } from '../tables.ts'

/** An account as operators see it. */
export type ShownUser = ReturnType<typeof toUser> & { disabledAt: string | null }

/** An action of an operator on an account, and its time. */
export interface OperatorAction {
  action: string
  reason: string | null
  at: string
}

interface NewAccount {
  email: string
  name: string
  password: string
  /** Whether the address counts as confirmed. */
  verified: boolean
}

const timeNow = (): Date => new Date(systemClock.now())

/** Operators' actions on accounts, straight in the database. Running services learn of ended sessions within a second, by their poll. */
export interface Users {
  /** Accounts, newest first; `search` is a part of the address or the name. */
  list(options: { limit: number; search?: string | undefined }): Promise<ShownUser[]>
  /** By id or address. @throws StartupError without such an account, as all below */
  show(who: string): Promise<ShownUser>
  /** @throws StartupError when the address is taken or is none, or the password too long */
  create(account: NewAccount): Promise<ShownUser>
  /** The address counts as confirmed. */
  verify(who: string): Promise<ShownUser>
  /** Sets a password and ends every session. */
  resetPassword(who: string, password: string): Promise<ShownUser>
  /** Nobody can sign in with the account. Ends every session; open sockets close within a second or two. Its webhooks stop. */
  disable(who: string, reason?: string): Promise<ShownUser>
  /** Its owner can sign in again. */
  enable(who: string, reason?: string): Promise<ShownUser>
  /** The actions of operators on the account in the last 400 days, oldest first. */
  actions(who: string): Promise<OperatorAction[]>
  /** Ends every session and removes the account. Its messages and meetings stay, under its name of then. */
  remove(who: string): Promise<ShownUser>
}

interface Options {
  db: Db
  /** Of bcrypt. */
  cost: number
}

export const createUsers = ({ db, cost }: Options): Users => ({
  list: (options) => list(db, options),
  show: async (who) => shown(await findOrThrow(db, who)),
  create: (account) => create(db, account, cost),
  async verify(who) {
    const { id, email } = await findOrThrow(db, who)
    const at = timeNow()
    await db.transaction().execute(async (trx) => {
      await markVerified(trx, id, email ?? '', at)
      await note(trx, id, { action: 'verify', at })
    })
    return shown(await findOrThrow(db, id))
  },
  disable: (who, reason) => setDisabled(db, who, true, reason),
  enable: (who, reason) => setDisabled(db, who, false, reason),
  async actions(who) {
    const { id } = await findOrThrow(db, who)
    const rows = await db.selectFrom('operator_actions').selectAll().where('user_id', '=', id).orderBy('at').execute()
    return rows.map(({ action, reason, at }) => ({ action, reason, at: at.toISOString() }))
  },
  async resetPassword(who, password) {
    const hash = await hashOf(password, cost)
    const { id } = await findOrThrow(db, who)
    const at = timeNow()
    await db.transaction().execute(async (trx) => {
      await setPassword(trx, id, { hash, at })
      await note(trx, id, { action: 'reset-password', at })
      await endEverySession(trx, id, at)
    })
    return shown(await findOrThrow(db, id))
  },
  async remove(who) {
    const user = await findOrThrow(db, who)
    await db.transaction().execute(async (trx) => {
      await endEverySession(trx, user.id, timeNow())
      await trx.deleteFrom('users').where('id', '=', user.id).execute()
      await insertStanding(trx, user.id)
    })
    return shown(user)
  },
})

const shown = (row: UserRow): ShownUser => ({ ...toUser(row), disabledAt: row.disabled_at?.toISOString() ?? null })

const note = (trx: Db, id: string, action: Pick<OperatorActionRow, 'action' | 'at'> & { reason?: string }) =>
  trx
    .insertInto('operator_actions')
    .values({ reason: null, ...action, id: newId(), user_id: id })
    .execute()

async function setDisabled(db: Db, who: string, disabled: boolean, reason?: string): Promise<ShownUser> {
  const { id } = await findOrThrow(db, who)
  const at = timeNow()
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable('users')
      .set({ disabled_at: disabled ? at : null })
      .where('id', '=', id)
      .execute()
    if (disabled) await endEverySession(trx, id, at)
    await insertStanding(trx, id)
    await note(trx, id, { action: disabled ? 'disable' : 'enable', at, ...(reason !== undefined && { reason }) })
  })
  return shown(await findOrThrow(db, id))
}

async function list(db: Db, { limit, search }: { limit: number; search?: string | undefined }): Promise<ShownUser[]> {
  const accounts = db
    .selectFrom('users')
    .selectAll()
    .where('kind', '=', 'user')
    .orderBy('created_at', 'desc')
    .limit(limit)
  if (search === undefined) return (await accounts.execute()).map(shown)
  const part = `%${search.replace(/[\\%_]/g, String.raw`\$&`)}%`
  const found = accounts.where((eb) => eb.or([eb('email', 'ilike', part), eb('name', 'ilike', part)]))
  return (await found.execute()).map(shown)
}

async function create(db: Db, { email, name, password, verified }: NewAccount, cost: number): Promise<ShownUser> {
  const read = readAddress(email)
  if (!('value' in read)) throw new StartupError(`${email} is no e-mail address`)
  const at = timeNow()
  const user = {
    id: newId(),
    kind: 'user',
    email: read.value,
    email_verified_at: verified ? at : null,
    name,
    username: null,
    password_hash: await hashOf(password, cost),
    created_at: at,
    updated_at: at,
  } as const
  try {
    return shown(await insertUser(db, user))
  } catch (error) {
    if (isUniqueViolation(error, emailKey))
      throw new StartupError(`there is an account with the address ${email} already`, { cause: error })
    throw error
  }
}

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

async function findOrThrow(db: Db, who: string): Promise<UserRow> {
  const found = uuid.test(who) ? await findUser(db, who) : await findUserByAddress(db, who)
  if (found === undefined)
    throw new StartupError(`there is no account ${who}; "parley user list" shows those there are`)
  return found
}

/** bcrypt ignores what comes after. */
const maxBytes = 72
const leastLength = 8

function hashOf(typed: string, cost: number): Promise<string> {
  const password = secretForm(typed)
  if (password.length < leastLength) throw new StartupError(`a password has at least ${leastLength} characters`)
  if (Buffer.byteLength(password) > maxBytes)
    throw new StartupError(`a password has at most ${maxBytes} bytes in UTF-8`)
  return bcrypt.hash(password, cost)
}
