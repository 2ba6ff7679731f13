import { createHmac, randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto'
import { promisify } from 'node:util'
import { createFairGate, passcodeForm, type Owner } from '@parley/kit'

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

/** scrypt (RFC 7914) with 16 MiB: about 40 ms of a thread. */
const cost = { N: 16_384, r: 8, p: 1 }
const length = 32
/**
 * Node has four threads for this, file and DNS work together. One queue for those who set a passcode and those who say one: each
 * address has its turn. A class of 200 comes in behind one address.
 */
const gate = createFairGate({
  running: 2,
  waiting: 600,
  each: { person: 12, address: 400 },
  waitMs: 8_000,
  full: 'Too many passcodes are being checked',
})

/**
 * Passcodes that were right here lately, as a MAC under their hash, by their hash: a class that comes in together is not hashed one by
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
  const hash = await gate(owner, () => derive(passcodeForm(typed), salt, length, cost))
  return `${kinds.normal}$${salt.toString('base64url')}$${hash.toString('base64url')}`
}

/**
 * Whether `typed` is the passcode that `stored` was made of. `first` is awaited when its turn has come; when it rejects, nothing is
 * looked at. A hash of before is compared with both forms, as one guess. Rejects with `unavailable` under overload.
 */
export async function verifyPasscode(
  typed: string,
  stored: string,
  { owner, first }: { owner: Owner; first?: () => Promise<void> },
): Promise<boolean> {
  const [kind, salt = '', hash = ''] = stored.split('$')
  if (kind !== kinds.former && kind !== kinds.normal) throw new Error('a passcode hash of an unknown kind')
  const normal = passcodeForm(typed)
  const mac = macOf(normal, stored)
  const right = rights.get(stored)
  if (right !== undefined) {
    await first?.()
    return timingSafeEqual(mac, right)
  }
  const expected = Buffer.from(hash, 'base64url')
  const forms = kind === kinds.former && typed !== normal ? [typed, normal] : [normal]
  const isRight = await gate(owner, async () => {
    await first?.()
    for (const form of forms) {
      const found = await derive(form, Buffer.from(salt, 'base64url'), length, cost)
      if (expected.length === length && timingSafeEqual(found, expected)) return true
    }
    return false
  })
  if (isRight) remember(stored, mac)
  return isRight
}
