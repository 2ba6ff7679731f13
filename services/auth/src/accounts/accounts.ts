import { filesBus, type User } from '@parley/contracts'
import {
  request,
  type Bus,
  isUniqueViolation,
  newId,
  ProblemError,
  type Clock,
  type Logger,
  type Once,
} from '@parley/kit'
import type { AccountMails } from '../mails/account-mails.ts'
import type { Match, Passwords } from '../passwords/passwords.ts'
import { hashOf } from '../random-token.ts'
import type { Issued } from '../sessions/issue.ts'
import { existing, type Device, type Sessions } from '../sessions/sessions.ts'
import type { Db, NewUser, UserRow } from '../tables.ts'
import {
  emailKey,
  findUser,
  findUserByAddress,
  insertUser,
  keepGuest,
  replaceHash,
  changeUser,
  usernameKey,
} from './store.ts'
import type { GuessLimit } from './guess-limit.ts'
import type { WorkOf } from './password-work.ts'
import { insertRename } from './renames.ts'
import type { KeyedQueue } from './keyed-queue.ts'
import { toUser } from './user.ts'

export interface Accounts {
  /**
   * Rejects with `email-taken`, `username-taken`, or `invalid-input` for a password that is too long. `base` is what the
   * link of the verification mail begins with.
   */
  register(account: NewAccount, base: string, by: Registering): Promise<Issued>
  /** Rejects with `invalid-credentials`, in the same time whether or not the address is known; with `rate-limited`. */
  login(credentials: { email: string; password: string }, device: Device): Promise<Issued>
  /** `key` is what the guest's browser keeps: who comes with the same one is the same guest. */
  guest(name: string, key: string | null, by: Registering): Promise<Issued>
  /** Rejects with `unauthenticated` when the account is gone. */
  read(id: string): Promise<User>
  /** Rejects with `username-taken`; for the avatar with `not-found`, `wrong-state`, `unavailable`. */
  update(id: string, changes: ProfileChanges): Promise<User>
}

interface ProfileChanges {
  name?: string
  username?: string | null
  /** A ready avatar of one's own; null: none. */
  avatarFileId?: string | null
}

/** From where, and once under the key of the request. */
interface Registering {
  device: Device
  once: Once<Issued>
}

interface NewAccount {
  email: string
  password: string
  name: string
  username?: string
}

export interface AccountsDeps {
  db: Db
  bus: Bus
  clock: Clock
  log: Logger
  passwords: Passwords
  /** Whose work a hash is: that of a sign-in, and that of a new account. */
  workOf: WorkOf
  registrationOf: WorkOf
  guesses: GuessLimit
  sessions: Sessions
  mails: AccountMails
  accountQueue: KeyedQueue
  /** Tells everybody that an account has another name; called after the change. */
  renamed(change: { userId: string; before: string; name: string }): void
}

export const createAccounts = (deps: AccountsDeps): Accounts => ({
  register: (account, base, by) => register(deps, account, base, by),
  login: (credentials, device) => login(deps, credentials, device),
  guest: (name, key, by) => guest(deps, name, key, by),
  read: async (id) => toUser((await findUser(deps.db, id)) ?? gone()),
  update: (id, changes) => update(deps, id, changes),
})

async function update(
  { db, clock, accountQueue, renamed, bus }: AccountsDeps,
  id: string,
  { avatarFileId, ...changes }: ProfileChanges,
): Promise<User> {
  const avatar = avatarFileId === undefined ? {} : { avatar_file_id: avatarFileId }
  const change = async (trx: Db) => {
    const both = await changeUser(trx, id, { ...changes, ...avatar }, new Date(clock.now()))
    if (both !== undefined && both.after.name !== both.before.name)
      await insertRename(trx, { userId: id, before: both.before.name })
    return both
  }
  const changed = await accountQueue(id, async () => {
    // First the file, so that no profile names one that is not there; the one before goes with it.
    if (avatarFileId !== undefined) await request(bus, filesBus.useAvatar, { userId: id, fileId: avatarFileId })
    return orTaken(db.transaction().execute(change))
  })
  const { before, after } = changed ?? gone()
  if (after.name !== before.name) renamed({ userId: id, before: before.name, name: after.name })
  return toUser(after)
}

async function register(
  deps: AccountsDeps,
  account: NewAccount,
  base: string,
  { device, once }: Registering,
): Promise<Issued> {
  const { clock, sessions, mails, registrationOf } = deps
  const { email, password, name, username } = account
  const passwords = deps.passwords.of(await registrationOf(device.address, email))
  // Hashed first in any case: how long the answer takes does not say whether the address is taken.
  const user = {
    ...blank(clock.now()),
    kind: 'user',
    email,
    name,
    username: username ?? null,
    password_hash: await registrationOf.unlessBusy(device.address, () => passwords.hash(password)),
  } as const
  const mayMail = await mails.mayVerify(email)
  const make = async (trx: Db): Promise<UserRow> => {
    const made = await insertUser(trx, user)
    if (mayMail) await mails.orderVerification(trx, made.id, base)
    return made
  }
  const issued = await orTaken(sessions.open(make, device, once))
  mails.kick()
  return issued
}

async function login(
  deps: AccountsDeps,
  { email, password }: { email: string; password: string },
  device: Device,
): Promise<Issued> {
  const { guesses, sessions, accountQueue, workOf } = deps
  const owner = await workOf(device.address, email)
  const passwords = deps.passwords.of(owner)
  const { user, match } = await workOf.unlessBusy(device.address, async () => {
    passwords.refuseIfBusy()
    const check = () => userOf({ ...deps, passwords }, email, password)
    return guesses({ address: device.address, email }, check)
  })
  await workOf.wasRight(device.address)
  const issued = await accountQueue(user.id, () => sessions.open(existing(user.id, user.password_version), device))
  if (user.password_hash !== null && (match === 'as-typed' || passwords.isWeak(user.password_hash)))
    void strengthen({ ...deps, passwords }, user.id, { password, hash: user.password_hash })
  return issued
}

/** @throws ProblemError `invalid-credentials` */
async function userOf(
  { db, passwords }: AccountsDeps,
  email: string,
  password: string,
): Promise<{ user: UserRow; match: Match }> {
  const user = await findUserByAddress(db, email)
  const match = await passwords.verify(password, user?.password_hash ?? null)
  if (match === 'none' || user === undefined) throw new ProblemError('invalid-credentials')
  return { user, match }
}

/** Only now is the password known: its hash gets the cost and the form that are asked for today. Nobody waits for that. */
async function strengthen(
  { db, log, passwords }: AccountsDeps,
  userId: string,
  { password, hash }: { password: string; hash: string },
): Promise<void> {
  try {
    await replaceHash(db, userId, { from: hash, to: await passwords.hash(password) })
  } catch (error) {
    log.info({ err: error, userId }, 'a password keeps its former hash until the next sign-in')
  }
}

function guest(
  { clock, sessions }: AccountsDeps,
  name: string,
  key: string | null,
  { device, once }: Registering,
): Promise<Issued> {
  const user = {
    ...blank(clock.now()),
    kind: 'guest',
    email: null,
    name,
    username: null,
    password_hash: null,
    guest_key: key === null ? null : hashOf(key),
  } as const
  return sessions.open((trx) => (key === null ? insertUser(trx, user) : keepGuest(trx, user)), device, once)
}

function blank(now: number): Pick<NewUser, 'id' | 'created_at' | 'updated_at'> {
  const at = new Date(now)
  return { id: newId(), created_at: at, updated_at: at }
}

async function orTaken<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isUniqueViolation(error, emailKey)) throw new ProblemError('email-taken')
    if (isUniqueViolation(error, usernameKey)) throw new ProblemError('username-taken')
    throw error
  }
}

function gone(): never {
  throw new ProblemError('unauthenticated', 'The account no longer exists')
}
