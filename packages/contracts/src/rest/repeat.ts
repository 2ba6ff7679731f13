import type { Operation } from './operation.ts'

/** Whether the operation is carried out once under the `Idempotency-Key` of its client. */
export const honoursKey = ({ repeat }: Pick<Operation, 'repeat'>): boolean => repeat === 'key'

/**
 * Whether a request that may have been carried out may be sent again, without asking who sent it. `withKey`: it has an
 * `Idempotency-Key`.
 */
export const mayRepeat = ({ method, repeat }: Pick<Operation, 'method' | 'repeat'>, withKey: boolean): boolean =>
  method === 'GET' || repeat === 'always' || (repeat === 'key' && withKey)
