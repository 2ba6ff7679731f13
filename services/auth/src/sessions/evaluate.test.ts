import { expect, test } from 'vitest'
import { evaluate, retryMs, type Family, type Presented } from './evaluate.ts'

const now = 1_000_000
const alive: Family = { revoked: false, expiresAt: now + 1 }
const unused: Presented = { spentForMs: null, sealedSuccessor: null }
const spent = (ago: number): Presented => ({ spentForMs: ago, sealedSuccessor: 'sealed' })
const grandparent: Presented = { spentForMs: 1, sealedSuccessor: null }

test.each<[string, Presented, Family, string]>([
  ['A3 an unused token is rotated', unused, alive, 'rotate'],
  ['S8 one just spent gets the same successor', spent(0), alive, 'retry'],
  ['S8 until the time for retries is over', spent(retryMs), alive, 'retry'],
  ['S7 a parent after that was reused', spent(retryMs + 1), alive, 'reused'],
  ['S7 a grand-parent was reused, also within it', grandparent, alive, 'reused'],
  ['A12 an expired session has ended', unused, { ...alive, expiresAt: now }, 'ended'],
  ['A4 a revoked session has ended', unused, { ...alive, revoked: true }, 'ended'],
  ['A4 of a revoked session nothing is retried', spent(0), { ...alive, revoked: true }, 'ended'],
])('%s', (_name, token, family, kind) => {
  expect(evaluate(token, family, now).kind).toBe(kind)
})
