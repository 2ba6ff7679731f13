import { createHmac, randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto'
import { promisify } from 'node:util'
import { createFairGate, type Owner } from '@parley/kit'

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

/** A salted hash of a passcode, as `scrypt$<salt>$<hash>` in base64url. Rejects with `unavailable` under overload. */
export async function hashPasscode(passcode: string, owner: Owner): Promise<string> {
  const salt = randomBytes(16)
  const hash = await gate(owner, () => derive(passcode, salt, length, cost))
  return `scrypt$${salt.toString('base64url')}$${hash.toString('base64url')}`
}

/**
 * Whether `passcode` is the one that `stored` was made of. `first` is awaited when its turn has come; when it rejects,
 * nothing is looked at. Rejects with `unavailable` under overload.
 */
export async function verifyPasscode(
  passcode: string,
  stored: string,
  { owner, first }: { owner: Owner; first?: () => Promise<void> },
): Promise<boolean> {
  const [kind, salt = '', hash = ''] = stored.split('$')
  if (kind !== 'scrypt') throw new Error('a passcode hash of an unknown kind')
  const mac = macOf(passcode, stored)
  const right = rights.get(stored)
  if (right !== undefined) {
    await first?.()
    return timingSafeEqual(mac, right)
  }
  const expected = Buffer.from(hash, 'base64url')
  const found = await gate(owner, async () => {
    await first?.()
    return derive(passcode, Buffer.from(salt, 'base64url'), length, cost)
  })
  const isRight = expected.length === length && timingSafeEqual(found, expected)
  if (isRight) remember(stored, mac)
  return isRight
}
