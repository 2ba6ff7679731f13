import Type, { type TObject } from 'typebox'
import type { ProblemCode } from '../problems.ts'
import type { Operation } from './operation.ts'
import { honoursKey } from './repeat.ts'

/** Visible ASCII; best a UUID, as draft-ietf-httpapi-idempotency-key-header (section 2) advises. */
const keyOf = (minLength: number) =>
  Type.String({
    minLength,
    maxLength: 255,
    pattern: '^[\\x21-\\x7e]+$',
    description:
      'Made by the client, for this request alone. For 24 h the same request under the same key is carried out once and gets the same answer; another request under it gets `idempotency-conflict`. Of one caller the last 1,000 keys are remembered.',
  })
const keyed = Type.Object({ 'idempotency-key': Type.Optional(keyOf(1)) })
/** Where nobody is signed in, the key is all that makes an answer theirs: it must be too long to be chosen by two. */
const anonymouslyKeyed = Type.Object({ 'idempotency-key': Type.Optional(keyOf(16)) })

/** All headers that an operation reads, the `Idempotency-Key` among them where it honours one. */
export function headersOf(operation: Pick<Operation, 'auth' | 'headers' | 'repeat'>): TObject | undefined {
  if (!honoursKey(operation)) return operation.headers
  const { properties } = operation.auth === 'none' ? anonymouslyKeyed : keyed
  return Type.Object({ ...operation.headers?.properties, ...properties })
}

/** The problems that an operation declares, and those that come with honouring a key. */
export const problemsOf = (operation: Pick<Operation, 'problems' | 'repeat'>): readonly ProblemCode[] =>
  honoursKey(operation) ? [...operation.problems, 'idempotency-conflict'] : operation.problems
