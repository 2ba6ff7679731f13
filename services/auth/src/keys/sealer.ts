import { createSealer as sealerFor, type Sealer } from '@parley/kit'

export type { Sealer } from '@parley/kit'

/** Keeps private keys unreadable in the database: sealed under the current secret, opened under the current or the previous one. */
export const createSealer = (current: string | undefined, previous: string | undefined): Sealer =>
  sealerFor('parley/auth/signing-keys', current, previous)
