import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { ProblemError, type Clock } from '@parley/kit'
import type { FileVariant } from './keys.ts'
import type { FilesDb } from './tables.ts'

/** A link: which bytes, for whom, until when (milliseconds since 1970). */
interface Link {
  fileId: string
  variant: FileVariant
  userId: string
  expiresAt: number
}

/** Links that need no token. Signed by HMAC-SHA-256 (RFC 2104) under keys that all replicas share and that change each day. */
export interface Links {
  sign(link: Link): Promise<string>
  /** @throws ProblemError `link-expired` */
  checkOrThrow(link: Link, signature: string): Promise<void>
  /** Forgets keys under which no link is good any more. */
  sweep(): Promise<void>
}

const renewMs = 24 * 3_600_000
/** Longer than the longest life of a link, and a day more: what was signed last with a key is checked with it. */
const keepMs = 3 * renewMs
const knownMs = 60_000

export function createLinks({ db, clock }: { db: FilesDb; clock: Clock }): Links {
  let known: { keys: readonly string[]; until: number } | null = null

  const read = async (): Promise<readonly string[]> => {
    const rows = await db.selectFrom('link_keys').selectAll().orderBy('created_at', 'desc').execute()
    const newest = rows[0]
    if (newest !== undefined && clock.now() - newest.created_at.getTime() < renewMs) return rows.map(({ key }) => key)
    const key = randomBytes(32).toString('base64url')
    await db
      .insertInto('link_keys')
      .values({ key, created_at: new Date(clock.now()) })
      .execute()
    return [key, ...rows.map((row) => row.key)]
  }
  const keys = async (): Promise<readonly string[]> => {
    if (known === null || known.until <= clock.monotonic())
      known = { keys: await read(), until: clock.monotonic() + knownMs }
    return known.keys
  }
  const isSignedBy = (all: readonly string[], link: Link, signature: string): boolean =>
    all.some((key) => isSame(signatureOf(key, link), signature))
  return {
    async sign(link) {
      const [newest = ''] = await keys()
      return signatureOf(newest, link)
    },
    async checkOrThrow(link, signature) {
      if (clock.now() >= link.expiresAt) throw new ProblemError('link-expired', 'The link has expired')
      let signed = isSignedBy(await keys(), link, signature)
      if (!signed) {
        // Another replica may have made a newer key.
        known = null
        signed = isSignedBy(await keys(), link, signature)
      }
      if (!signed) throw new ProblemError('link-expired', 'The link is not one of ours')
    },
    async sweep() {
      await db
        .deleteFrom('link_keys')
        .where('created_at', '<', new Date(clock.now() - keepMs))
        .execute()
    },
  }
}

const signatureOf = (key: string, { fileId, variant, userId, expiresAt }: Link): string =>
  createHmac('sha256', Buffer.from(key, 'base64url'))
    .update(`${fileId}\n${variant}\n${userId}\n${expiresAt}`)
    .digest('base64url')

const isSame = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
