import { randomBytes } from 'node:crypto'
import { ProblemError, secretForm } from '@parley/kit'
import { lastRank, type BcryptPool, type JobOwner } from './bcrypt-pool.ts'

/** `as-typed`: only the text as it was typed matches, since the hash is of before passwords were normalised. */
export type Match = 'none' | 'normal' | 'as-typed'

/** Passwords are hashed and compared in their normal form (`docs/spec/text.md`). */
export interface Passwords {
  /** The same, for the work of one person at one address: the queue is fair between them. */
  of(owner: JobOwner): Passwords
  /**
   * Rejects with `invalid-input` for what bcrypt would cut off, with `unavailable` when too many wait. `field` is what the
   * caller calls it.
   */
  hash(password: string, field?: string): Promise<string>
  /** Takes as long without a hash as with one. Rejects with `unavailable` when too many wait. */
  verify(password: string, hash: string | null): Promise<Match>
  /** Throws `unavailable` when `hash` or `verify` would now: for what would be done in vain before. */
  refuseIfBusy(): void
  /** Whether a stored hash is cheaper to guess than one that is made today. */
  isWeak(hash: string): boolean
}

/** bcrypt ignores what comes after. */
const maxBytes = 72
const fits = (password: string): boolean => Buffer.byteLength(password) <= maxBytes

/** Work that nobody in particular waits for. */
const nobody: JobOwner = { address: '', person: '', rank: lastRank }

export const createPasswords = (pool: BcryptPool, cost: number, owner: JobOwner = nobody): Passwords =>
  passwordsOf(pool, { cost, decoy: makeDecoy(cost), owner })

function passwordsOf(
  pool: BcryptPool,
  { cost, decoy, owner }: { cost: number; decoy: string; owner: JobOwner },
): Passwords {
  async function matches(password: string, hash: string | null): Promise<boolean> {
    // No stored password is longer: that says nothing about the account.
    if (!fits(password)) return false
    return (await pool.run({ kind: 'compare', password, hash: hash ?? decoy }, owner)) === true && hash !== null
  }
  return {
    of: (other) => passwordsOf(pool, { cost, decoy, owner: other }),
    async hash(typed, field = 'password') {
      const password = secretForm(typed)
      if (!fits(password)) throw tooLong(field)
      return String(await pool.run({ kind: 'hash', password, cost }, owner))
    },
    async verify(typed, hash) {
      const normal = secretForm(typed)
      if (await matches(normal, hash)) return 'normal'
      return normal !== typed && (await matches(typed, hash)) ? 'as-typed' : 'none'
    },
    refuseIfBusy: () => pool.refuseIfBusy(owner),
    isWeak: (hash) => costOf(hash) < cost,
  }
}

/** `$2b$`, two digits of cost, `$`. */
const costOf = (hash: string): number => Number(hash.slice(4, 6))

const tooLong = (field: string): ProblemError =>
  new ProblemError('invalid-input', 'The password is too long', {
    errors: [{ path: `/${field}`, message: `must be at most ${maxBytes} bytes in UTF-8` }],
  })

/** A text that looks like a hash of this cost and belongs to no password: `$2b$`, cost, 22 characters of salt, 31 of hash. */
function makeDecoy(cost: number): string {
  const letters = randomBytes(40).toString('base64').replace(/[+=]/g, '.').slice(0, 51)
  return `$2b$${String(cost).padStart(2, '0')}$${letters.slice(0, 21)}.${letters.slice(21, 51)}.`
}
