import { createHash, randomBytes } from 'node:crypto'

/** A room token is 256 random bits; only its hash is kept. */
export const newRoomToken = (): string => randomBytes(32).toString('base64url')

/** SHA-256, base64url: of a random token nothing slower is needed. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')
