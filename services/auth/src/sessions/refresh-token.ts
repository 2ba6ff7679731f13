import { decrypt, deriveKey, encrypt } from '@parley/kit'
import { hashOf } from '../random-token.ts'

const purpose = 'parley/auth/refresh-successor'

/**
 * The successor, encrypted under the token that it replaces: only a client that presents that token again can have it. A dump of the
 * database holds nothing to sign in with. (Deriving it with a server secret would let a dump and one old token yield
 * every later one; this is erased when the successor is used.)
 */
export const sealSuccessor = (token: string, successor: string): string =>
  encrypt(deriveKey(token, purpose), successor, hashOf(token))

/** The successor again. Throws when it was sealed under another token. */
export const openSuccessor = (token: string, sealed: string): string =>
  decrypt(deriveKey(token, purpose), sealed, hashOf(token))
