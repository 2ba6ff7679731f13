import { systemClock, type Logger } from '@parley/kit'
import type { AuthConfig } from '../config.ts'
import { createKeyring } from '../keys/keyring.ts'
import { createSealer } from '../keys/sealer.ts'
import { readSigningKeys } from '../keys/store.ts'
import type { Db } from '../tables.ts'

/** A signing key without its private half; times are ISO 8601. */
export interface ShownKey {
  kid: string
  createdAt: string
  activatesAt: string
  retiresAt: string | null
  state: 'next' | 'signs' | 'published' | 'retired'
}

export interface Keys {
  /** Newest first. */
  list(): Promise<ShownKey[]>
  /** Makes a key that signs in 10 minutes, when all verifiers have it; the others stay until their last token is over. */
  rotate(): Promise<ShownKey[]>
}

type KeyConfig = Pick<
  AuthConfig,
  'SIGNING_SECRET' | 'SIGNING_SECRET_PREVIOUS' | 'KEY_ROTATION_DAYS' | 'ACCESS_TTL_SECONDS'
>
const dayMs = 24 * 3600_000

/** The signing keys, as operators see them. Running replicas read the keys each minute. */
export function createKeys({ db, config, log }: { db: Db; config: Readonly<KeyConfig>; log: Logger }): Keys {
  const keyring = createKeyring({
    db,
    clock: systemClock,
    log,
    sealer: createSealer(config.SIGNING_SECRET, config.SIGNING_SECRET_PREVIOUS),
    rotationMs: config.KEY_ROTATION_DAYS * dayMs,
    accessTtlMs: config.ACCESS_TTL_SECONDS * 1000,
  })
  return {
    list: () => list(db),
    async rotate() {
      // Opens all of them: a key that the replicas cannot open would stop them.
      await keyring.refresh()
      await keyring.rotate()
      return list(db)
    },
  }
}

async function list(db: Db): Promise<ShownKey[]> {
  const rows = await readSigningKeys(db)
  const now = systemClock.now()
  const signs = rows.findLast(({ activates_at }) => activates_at.getTime() <= now)
  const stateOf = (row: (typeof rows)[number]): ShownKey['state'] => {
    if (row === signs) return 'signs'
    if (row.activates_at.getTime() > now) return 'next'
    return row.retires_at !== null && row.retires_at.getTime() <= now ? 'retired' : 'published'
  }
  return rows.reverse().map((row) => ({
    kid: row.kid,
    createdAt: row.created_at.toISOString(),
    activatesAt: row.activates_at.toISOString(),
    retiresAt: row.retires_at?.toISOString() ?? null,
    state: stateOf(row),
  }))
}
