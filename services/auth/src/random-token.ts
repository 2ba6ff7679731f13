import { createHash, randomBytes } from 'node:crypto'

/** 256 random bits, base64url: 43 letters. */
export const newRandomToken = (): string => randomBytes(32).toString('base64url')

/** The stored form of a token. It has full entropy, so a plain SHA-256 is enough. */
export const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url')
