import { problems } from '@parley/contracts'
import type { Kysely } from 'kysely'
import { createKeyedSemaphores } from '../semaphore.ts'
import { decrypt, encrypt } from '../gcm.ts'
import { isProblem, ProblemError } from '../problem.ts'
import type { Clock } from '../service.ts'
import { findKept, keepAnswer, reserveKey, type KeptDb, type KeptTables } from './kept-answers-store.ts'
import { requestKeyOf, type KeyedRequest, type RequestKey } from './request-key.ts'

/** An answer as it is kept: what goes out, to the letter. */
export interface KeptAnswer {
  status: number
  headers?: Readonly<Record<string, string>>
  cookies?: readonly string[]
  body?: unknown
}

/** How a handler carries out the effect of its request: once under the client's key, or plainly where there is none. */
export interface Once<T> {
  /** In the transaction of the effect: the key is taken, the effect made and the answer kept together, or nothing is. */
  in(trx: KeptDb, act: () => Promise<T>): Promise<T>
  /** The same in a transaction of its own; without a key there is none, so the effect must be one statement. */
  transaction<Tables extends KeptTables>(db: Kysely<Tables>, act: (db: Kysely<Tables>) => Promise<T>): Promise<T>
  /**
   * For an effect that is once by itself, in its own transaction: the key is taken before it and the answer kept after it.
   * `begun` says that this request was begun before, so that its effect may be there.
   */
  beside(db: KeptDb, act: (begun: boolean) => Promise<T>): Promise<T>
}

/** `answerOf` makes the answer out of what the effect yields. */
export type MakeOnce<A extends KeptAnswer> = <T>(answerOf: (made: T) => A) => Once<T>

/** Without a key, or where nobody has one to give. */
export const plainly = <T>(): Once<T> => ({
  in: (_trx, act) => act(),
  transaction: (db, act) => act(db),
  beside: (_db, act) => act(false),
})

/** Answers requests with a key. */
export interface KeptAnswers {
  /**
   * Gives the answer that was kept for this request. Without one it has the request handled, which keeps an answer. Only
   * successes are kept: after a problem the request is a new one. Rejects as `handle` does, with `idempotency-conflict` for
   * another request's key, and with `unavailable` while the same request is under way.
   */
  answer(request: KeyedRequest, handle: (once: MakeOnce<KeptAnswer>) => Promise<unknown>): Promise<KeptAnswer>
}

const underWay = 'The same request is under way'
/** One of each key at once: who sends the same again and again holds one connection. */
const limits = { running: 1, waiting: 50, waitMs: 1_500, full: underWay }

/** Keeps answers in a service's own database; see `createKeptAnswersTable`. */
export function createKeptAnswers({ db, clock }: { db: KeptDb; clock: Pick<Clock, 'now'> }): KeptAnswers {
  const semaphores = createKeyedSemaphores(limits)
  const now = (): Date => new Date(clock.now())
  return {
    async answer(request, handle) {
      const key = requestKeyOf(request)
      return semaphores(key.id, async () => {
        const before = openOrThrow(await findKept(db, key, now()), key)
        if (before !== null) return before
        const kept: { answer?: KeptAnswer } = {}
        try {
          await handle((answerOf) => onceUnder(key, { now, answerOf, keep: (answer) => (kept.answer = answer) }))
        } catch (error) {
          if (error instanceof AnsweredBefore) return error.answer
          // The cause of the refusal may be its own effect, which another instance has made meanwhile.
          if (!isProblem(error) || problems[error.code].status >= 500) throw error
          const late = openOrThrow(await findKept(db, key, now()), key)
          if (late === null) throw error
          return late
        }
        if (kept.answer === undefined) throw new Error(`${request.operation} honours no key: it kept no answer`)
        return kept.answer
      })
    },
  }
}

/** Another instance was first: its answer takes the place of ours. */
class AnsweredBefore extends Error {
  readonly answer: KeptAnswer
  constructor(answer: KeptAnswer) {
    super('this request was answered before')
    this.answer = answer
  }
}

interface Keeping<T> {
  now(): Date
  answerOf(made: T): KeptAnswer
  keep(answer: KeptAnswer): void
}

function onceUnder<T>(key: RequestKey, { now, answerOf, keep }: Keeping<T>): Once<T> {
  /** True if the key was free, false for a request that has begun. Rejects with what else is known of the key. */
  const take = async (db: KeptDb): Promise<boolean> => {
    const at = now()
    if (await reserveKey(db, key, at)) return true
    const answer = openOrThrow(await findKept(db, key, at), key)
    if (answer !== null) throw new AnsweredBefore(answer)
    return false
  }
  const note = async (db: KeptDb, made: T): Promise<T> => {
    const answer = answerOf(made)
    await keepAnswer(db, key, encrypt(key.secret, JSON.stringify(answer), key.requestHash))
    keep(answer)
    return made
  }
  const once: Once<T> = {
    async in(trx, act) {
      if (!(await take(trx))) throw new ProblemError('unavailable', underWay)
      return note(trx, await act())
    },
    // A service's tables are more than these: the types of Kysely do not say that a database of more has these too.
    transaction: (db, act) => db.transaction().execute((trx) => once.in(trx as unknown as KeptDb, () => act(trx))),
    async beside(db, act) {
      const begun = !(await take(db))
      return note(db, await act(begun))
    },
  }
  return once
}

/** The answer in a row, null where there is none yet. @throws ProblemError `idempotency-conflict` for another request's */
function openOrThrow(
  row: { request_hash: string; answer: string | null } | undefined,
  { requestHash, secret }: RequestKey,
): KeptAnswer | null {
  if (row === undefined) return null
  if (row.request_hash !== requestHash) throw new ProblemError('idempotency-conflict')
  return row.answer === null ? null : (JSON.parse(decrypt(secret, row.answer, requestHash)) as KeptAnswer)
}
