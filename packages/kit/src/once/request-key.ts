import { createHmac, hkdfSync } from 'node:crypto'

/** A request under a key of its client. */
export interface KeyedRequest {
  /** The `Idempotency-Key`. It is as secret as the answer: it opens what is kept of it. */
  key: string
  /** Whose key it is: an account, a guest, or null for anybody. */
  userId: string | null
  /** The key that answers are counted by: the user, or else the address. */
  holder: string
  operation: string
  params: unknown
  body: unknown
}

/** The state of such a request here; only `id`, `holder` and `requestHash` are stored. */
export interface RequestKey {
  /** The same for the same key of the same caller. */
  id: string
  holder: string
  /** The same for the same operation, path and body. It is keyed, for a body may hold a password. */
  requestHash: string
  /** Of AES-256, for the answer. */
  secret: Buffer
}

const bytes = 32
const purpose = 'parley/kept-answers'

/**
 * Derives three things from a client's key: the name of its kept answer, and two keys. One hashes its request, the other encrypts its
 * answer: HKDF-SHA256 (RFC 5869), salted with the caller, so that one key of two callers is two. None of them
 * tells another one, nor the client's key, as far as that cannot be guessed.
 */
export function requestKeyOf({ key, userId, holder, operation, params, body }: KeyedRequest): RequestKey {
  const derived = Buffer.from(hkdfSync('sha256', key, userId ?? 'anybody', purpose, 3 * bytes))
  const hash = createHmac('sha256', derived.subarray(bytes, 2 * bytes))
  return {
    id: derived.subarray(0, bytes).toString('base64url'),
    holder,
    requestHash: hash.update(canonical({ operation, params, body })).digest('base64url'),
    secret: derived.subarray(2 * bytes),
  }
}

/** JSON with the fields in order, so that two ways to write one body are the same request. */
const canonical = (value: object): string =>
  JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
