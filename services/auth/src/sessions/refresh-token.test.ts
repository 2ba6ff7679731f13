import { expect, test } from 'vitest'
import { hashOf, newRandomToken } from '../random-token.ts'
import { openSuccessor, sealSuccessor } from './refresh-token.ts'

test('S9 a successor opens only under the token that it replaces', () => {
  const [token, successor, other] = [newRandomToken(), newRandomToken(), newRandomToken()]
  const sealed = sealSuccessor(token, successor)
  expect(openSuccessor(token, sealed)).toBe(successor)
  expect(() => openSuccessor(other, sealed)).toThrow()
  expect(sealed).not.toContain(successor)
  expect(hashOf(token)).not.toContain(token)
  expect(sealSuccessor(token, successor)).not.toBe(sealed)
})
