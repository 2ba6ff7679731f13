import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto'
import { promisify } from 'node:util'
import { createGate, passcodeForm } from '@parley/kit'

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

/** scrypt (RFC 7914) with 16 MiB: about 40 ms of a thread. */
const cost = { N: 16_384, r: 8, p: 1 }
const length = 32
/** Node has four threads for this, file and DNS work together. */
const gate = createGate({ running: 2, waiting: 500, full: 'Too many passcodes are being checked' })

/** What a stored hash is of: `scrypt` of the passcode as it was typed, as it was done before; `scrypt2` of its normal form. */
const kinds = { former: 'scrypt', normal: 'scrypt2' }

/**
 * A salted hash of the normal form of a passcode (`docs/spec/text.md`), as `scrypt2$<salt>$<hash>` in base64url. Rejects with
 * `unavailable` under overload.
 */
export async function hashPasscode(typed: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await gate(() => derive(passcodeForm(typed), salt, length, cost))
  return `${kinds.normal}$${salt.toString('base64url')}$${hash.toString('base64url')}`
}

/**
 * Whether `typed` is the passcode that `stored` was made of. `first` is awaited when its turn has come; when it rejects, nothing is
 * looked at. A hash of before is compared with both forms, as one guess. Rejects with `unavailable` under overload.
 */
export async function verifyPasscode(typed: string, stored: string, first?: () => Promise<void>): Promise<boolean> {
  const [kind, salt = '', hash = ''] = stored.split('$')
  if (kind !== kinds.former && kind !== kinds.normal) throw new Error('a passcode hash of an unknown kind')
  const expected = Buffer.from(hash, 'base64url')
  const normal = passcodeForm(typed)
  const forms = kind === kinds.former && typed !== normal ? [typed, normal] : [normal]
  return gate(async () => {
    await first?.()
    for (const form of forms) {
      const found = await derive(form, Buffer.from(salt, 'base64url'), length, cost)
      if (expected.length === length && timingSafeEqual(found, expected)) return true
    }
    return false
  })
}
