import { expect, test } from 'vitest'
import { createSealer } from './sealer.ts'

const [a, b] = ['secret a '.repeat(4), 'secret b '.repeat(4)]

test('A10 a private key opens under its secret and its name only', () => {
  const sealed = createSealer(a, undefined).seal('pem', 'kid')
  expect(sealed).not.toContain('pem')
  expect(createSealer(a, undefined).open(sealed, 'kid')).toBe('pem')
  expect(createSealer(a, undefined).open(sealed, 'other')).toBeNull()
  expect(createSealer(b, undefined).open(sealed, 'kid')).toBeNull()
  expect(createSealer(undefined, undefined).open(sealed, 'kid')).toBeNull()
})

test('A10 S40 the secret can be changed: the previous one still opens, the current one seals', () => {
  const both = createSealer(b, a)
  expect(both.open(createSealer(a, undefined).seal('pem', 'kid'), 'kid')).toBe('pem')
  expect(createSealer(b, undefined).open(both.seal('pem', 'kid'), 'kid')).toBe('pem')
})

test('A10 values stored without a secret stay readable after one is set', () => {
  const sealed = createSealer(undefined, undefined).seal('pem', 'kid')
  expect(createSealer(a, undefined).open(sealed, 'kid')).toBe('pem')
})
