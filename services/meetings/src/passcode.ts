import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { createFairGate, createThreadPool, passcodeForm, type Owner } from '@parley/kit'
import type { ScryptJob } from './scrypt-worker.ts'

/** scrypt (RFC 7914) with 16 MiB: about 40 ms of a thread. */
const cost = { N: 16_384, r: 8, p: 1 }
const length = 32
/** Threads that do nothing but this: files and names have Node's own. One core stays free for all else. */
const threads = createThreadPool<ScryptJob, Uint8Array>(
  () => new Worker(new URL('./scrypt-worker.ts', import.meta.url)),
)
const derive = (text: string, salt: Uint8Array): Promise<Uint8Array> => threads.run({ text, salt, length, cost })

/**
 * One queue for those who set a passcode and those who say one: each address has its turn. A class of 200 comes in behind one
 * address.
 */
const gate = createFairGate({
  running: Math.max(1, availableParallelism() - 1),
  waiting: 600,
  each: { person: 12, address: 400 },
  waitMs: 8_000,
  full: 'Too many passcodes are being checked',
})

/** The same for a passcode that is known here: nothing is hashed, so nobody waits behind those who make us hash. */
const knownGate = createFairGate({
  running: 4,
  waiting: 600,
  each: { person: 12, address: 400 },
  waitMs: 8_000,
  full: 'Too many passcodes are being checked',
})

/**
 * Passcodes that were set or right here lately, as a MAC under their hash, by their hash: a class that comes in together is not hashed one by
 * one. In memory only.
 */
const rights = new Map<string, Buffer>()
const maxRights = 1_000
const macOf = (passcode: string, stored: string): Buffer => createHmac('sha256', stored).update(passcode).digest()

function remember(stored: string, mac: Buffer): void {
  const [oldest] = rights.keys()
  if (rights.size >= maxRights && oldest !== undefined) rights.delete(oldest)
  rights.set(stored, mac)
}

/** The input of a stored hash: `scrypt` of the passcode as it was typed, as it was done before; `scrypt2` of its normal form. */
const kinds = { former: 'scrypt', normal: 'scrypt2' }

/**
 * A salted hash of the normal form of a passcode (`docs/spec/text.md`), as `scrypt2$<salt>$<hash>` in base64url. Rejects with
 * `unavailable` under overload.
 */
export async function hashPasscode(typed: string, owner: Owner): Promise<string> {
  const salt = randomBytes(16)
  const normal = passcodeForm(typed)
  const hash = await gate(owner, () => derive(normal, salt))
  const stored = `${kinds.normal}$${salt.toString('base64url')}$${Buffer.from(hash).toString('base64url')}`
  remember(stored, macOf(normal, stored))
  return stored
}

/** Both are awaited before the next of those who wait has its turn. */
export interface Verifying {
  owner: Owner
  /** When it rejects, nothing is looked at. */
  first?: () => Promise<void>
  /** Called when the passcode is right. */
  right?: () => Promise<void>
}

/**
 * Whether `typed` is the passcode that `stored` was made of. A hash of before is compared with both forms, as one guess. Rejects with
 * `unavailable` under overload.
 */
export async function verifyPasscode(
  typed: string,
  stored: string,
  { owner, first, right }: Verifying,
): Promise<boolean> {
  const mac = macOf(passcodeForm(typed), stored)
  const known = rights.get(stored)
  const pass = known === undefined ? gate : knownGate
  return pass(owner, async () => {
    await first?.()
    const isRight = known === undefined ? await matches(typed, stored) : timingSafeEqual(mac, known)
    if (!isRight) return false
    remember(stored, mac)
    await right?.()
    return true
  })
}

async function matches(typed: string, stored: string): Promise<boolean> {
  const [kind, salt = '', hash = ''] = stored.split('$')
  if (kind !== kinds.former && kind !== kinds.normal) throw new Error('a passcode hash of an unknown kind')
  const normal = passcodeForm(typed)
  const expected = Buffer.from(hash, 'base64url')
  const forms = kind === kinds.former && typed !== normal ? [typed, normal] : [normal]
  for (const form of forms) {
    const found = await derive(form, Buffer.from(salt, 'base64url'))
    if (expected.length === length && timingSafeEqual(found, expected)) return true
  }
  return false
}
