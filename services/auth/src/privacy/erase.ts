import { privacyBus, type Erasure, type Revocation } from '@parley/contracts'
import { request, newId, ProblemError, type Bus, type Clock, type Logger } from '@parley/kit'
import type { KeyedQueue } from '../accounts/keyed-queue.ts'
import type { WorkOf } from '../accounts/password-work.ts'
import { findUser } from '../accounts/store.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { endEverySession } from '../sessions/endings.ts'
import type { Db, UserRow } from '../tables.ts'
import { deleteAccount, endPass, insertErasure, putOff, takeErasure, type ErasureRow } from './store.ts'

export interface ErasureDeps {
  db: Db
  bus: Bus
  clock: Clock
  log: Logger
  passwords: Passwords
  workOf: WorkOf
  accountQueue: KeyedQueue
  revoked(revocation: Revocation): void
}

export interface Erasures {
  /**
   * Deletes the account and all its sessions now; the other services forget the person within minutes. Rejects with
   * `invalid-credentials` for a wrong password, and for an account without one that did not sign in lately.
   */
  erase(who: { userId: string; sessionId: string; address: string }, password: string | undefined): Promise<void>
  /** One erasure that is due, in the other services; false when none is. */
  work(): Promise<boolean>
}

/** Without a password the sign-in itself has to be this young. */
const recentMs = 10 * 60_000
/** A pass asks other services for many parts of a second each. */
const leaseMs = 120_000
const passMs = 90_000
const againMs = 5_000
/** By then, facts of rooms and mails that were under way when the account went have arrived. */
const againAfterMs = 10 * 60_000
const passes = 2

export const createErasures = (deps: ErasureDeps): Erasures => ({
  erase: (who, password) => erase(deps, who, password),
  work: () => work(deps),
})

async function erase(
  { db, clock, accountQueue, revoked, workOf, ...deps }: ErasureDeps,
  { userId, sessionId, address }: { userId: string; sessionId: string; address: string },
  password: string | undefined,
): Promise<void> {
  const user = await findUser(db, userId)
  if (user === undefined) throw new ProblemError('unauthenticated', 'The account no longer exists')
  if (user.password_hash === null) await checkRecent({ db, clock }, sessionId)
  else {
    const passwords = deps.passwords.of(await workOf(address, userId))
    if ((await passwords.verify(password ?? '', user.password_hash)) === 'none')
      throw new ProblemError('invalid-credentials', 'That is not the password of this account')
  }
  const at = new Date(clock.now())
  const revocations = await accountQueue(userId, () => db.transaction().execute((trx) => remove(trx, user, at)))
  for (const revocation of revocations) revoked(revocation)
}

/** @throws ProblemError `unauthenticated` when another request has erased the account meanwhile */
async function remove(trx: Db, user: UserRow, at: Date): Promise<Revocation[]> {
  const there = await trx.selectFrom('users').select('id').where('id', '=', user.id).forUpdate().executeTakeFirst()
  if (there === undefined) throw new ProblemError('unauthenticated', 'The account no longer exists')
  const revocations = await endEverySession(trx, user.id, at)
  // Of an address that they have not shown to own, somebody else may have got invites.
  const email = user.email_verified_at === null ? null : user.email
  await insertErasure(trx, { user_id: user.id, alias: newId(), email, name: user.name, at, due_at: at })
  await deleteAccount(trx, user)
  return revocations
}

async function checkRecent({ db, clock }: Pick<ErasureDeps, 'db' | 'clock'>, sessionId: string): Promise<void> {
  const session = await db.selectFrom('sessions').select('created_at').where('id', '=', sessionId).executeTakeFirst()
  if (session !== undefined && session.created_at.getTime() > clock.now() - recentMs) return
  throw new ProblemError('invalid-credentials', 'Sign in again, then erase the account within 10 minutes')
}

async function work({ db, bus, log }: ErasureDeps): Promise<boolean> {
  const row = await takeErasure(db, leaseMs)
  if (row === undefined) return false
  const until = performance.now() + passMs
  try {
    for (const askOne of others) if (!(await forget((part) => askOne(bus, part), row, until))) return false
  } catch (error) {
    // A service is away: nobody has to wait for the end of the lease.
    await putOff(db, row, againMs)
    throw error
  }
  await endPass(db, row, { most: passes, waitMs: againAfterMs })
  log.info({ pass: row.passes + 1 }, 'an erased account was forgotten by all services')
  return true
}

type Part = Erasure & { cursor: string | null }
type AskFor = (part: Part) => Promise<{ cursor: string | null }>
/** Meetings first: it tells the two others in which meetings the person was. */
const others = [
  (bus: Bus, part: Part) => request(bus, privacyBus.eraseInMeetings, part),
  (bus: Bus, part: Part) => request(bus, privacyBus.eraseInChat, part),
  (bus: Bus, part: Part) => request(bus, privacyBus.eraseInMedia, part),
]

/** False when it takes too long for one pass: the next one begins anew, with less to do. */
async function forget(askFor: AskFor, row: ErasureRow, until: number): Promise<boolean> {
  const { user_id: userId, alias, email, name, at } = row
  const erased = { userId, alias, email, name, at: at.toISOString() }
  let { cursor } = await askFor({ ...erased, cursor: null })
  while (cursor !== null) {
    if (performance.now() > until) return false
    ;({ cursor } = await askFor({ ...erased, cursor }))
  }
  return true
}
