import { expect, test } from 'vitest'
import { formatBytes } from './bytes.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_500, '1.5 KB'],
  [2_000_000, '2 MB'],
  [123_456_789, '123 MB'],
  [1_073_741_824, '1.1 GB'],
])('O8 %d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})
