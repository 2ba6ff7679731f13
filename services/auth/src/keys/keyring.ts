import type { AccessClaims } from '@parley/contracts'
import { StartupError, type Clock, type Logger } from '@parley/kit'
import type { Db, SigningKeyRow } from '../tables.ts'
import { lingerMs, nextActivation, publishAheadMs, publishedKeys, signingKey } from './schedule.ts'
import type { Sealer } from './sealer.ts'
import { createSign, jwkOf, makeKeyPair, type PublicJwk, type Sign } from './signing-key.ts'
import { addSigningKey, readSigningKeys, type NewSigningKey } from './store.ts'

export interface Keyring {
  /** Reads the keys, and makes the next one when it is time. Rejects with StartupError when the secret does not open them. */
  refresh(): Promise<void>
  /** Makes the next key before its time, unless one waits already. */
  rotate(): Promise<void>
  /** Signs with the key whose turn it is; needs no database. Throws before the first `refresh`. */
  sign(claims: AccessClaims): string
  /** The public keys that verifiers need to know, now. */
  published(): PublicJwk[]
}

export interface KeyringOptions {
  db: Db
  clock: Clock
  log: Logger
  sealer: Sealer
  rotationMs: number
  accessTtlMs: number
}

interface Made {
  key: NewSigningKey
  retireOthersAt: Date
}

interface LoadedKey {
  kid: string
  x: string
  activatesAt: number
  retiresAt: number | null
  sign: Sign
}

/**
 * The signing keys of all replicas, kept in the database. A key is published 10 minutes before it signs, until its last token has expired.
 * So nobody notices a rotation.
 */
export function createKeyring(options: KeyringOptions): Keyring {
  const { db, clock, log, sealer, rotationMs, accessTtlMs } = options
  let keys: readonly LoadedKey[] = []

  const makeIfDue = (existing: readonly SigningKeyRow[]): Made | null =>
    make(nextActivation(existing.map(spanOf), clock.now(), rotationMs))
  function makeUnlessWaiting(existing: readonly SigningKeyRow[]): Made | null {
    const now = clock.now()
    return existing.some(({ activates_at }) => activates_at.getTime() > now) ? null : make(now + publishAheadMs)
  }
  function make(activatesAt: number | null): Made | null {
    if (activatesAt === null) return null
    const now = clock.now()
    const { kid, x, privatePem } = makeKeyPair()
    log.info({ kid, activatesAt: new Date(activatesAt) }, 'made a signing key')
    return {
      key: {
        kid,
        public_x: x,
        private_key: sealer.seal(privatePem, kid),
        created_at: new Date(now),
        activates_at: new Date(activatesAt),
      },
      retireOthersAt: new Date(activatesAt + accessTtlMs + lingerMs),
    }
  }
  async function refresh(): Promise<void> {
    const found = await readSigningKeys(db)
    const due = nextActivation(found.map(spanOf), clock.now(), rotationMs) !== null
    const rows = due ? await addSigningKey(db, makeIfDue) : found
    keys = await Promise.all(rows.map((row) => load(row, keys, sealer)))
  }
  return {
    refresh,
    rotate: async () => void (await addSigningKey(db, makeUnlessWaiting)),
    sign(claims) {
      const key = signingKey(keys, clock.now())
      if (key === undefined) throw new Error('the signing keys have not been read')
      return key.sign(claims)
    },
    published: () => publishedKeys(keys, clock.now()).map(jwkOf),
  }
}

const spanOf = ({ activates_at, retires_at }: SigningKeyRow) => ({
  activatesAt: activates_at.getTime(),
  retiresAt: retires_at?.getTime() ?? null,
})

async function load(row: SigningKeyRow, known: readonly LoadedKey[], sealer: Sealer): Promise<LoadedKey> {
  const { kid, public_x: x } = row
  const sign = known.find((key) => key.kid === kid)?.sign ?? (await createSign(kid, openOrThrow(row, sealer)))
  return { kid, x, sign, ...spanOf(row) }
}

function openOrThrow({ kid, private_key: sealed }: SigningKeyRow, sealer: Sealer): string {
  const pem = sealer.open(sealed, kid)
  if (pem !== null) return pem
  throw new StartupError(
    `SIGNING_SECRET does not open the signing key ${kid}; set the one it was stored with, as SIGNING_SECRET_PREVIOUS if it has changed`,
  )
}
