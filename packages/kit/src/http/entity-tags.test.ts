import { expect, test } from 'vitest'
import { isProblem } from '../problem.ts'
import { versionsOf } from './entity-tags.ts'

test.each<[string | undefined, number[] | null]>([
  [undefined, null],
  ['*', null],
  [' * ', null],
  ['"1"', [1]],
  ['W/"1"', [1]],
  ['"6", "1"', [6, 1]],
  ['"6","1"', [6, 1]],
  [',, "6" , ,"1",', [6, 1]],
  ['"1-gzip"', []],
  ['"a,b", "2"', [2]],
  ['"01", "-1", "1e3", ""', []],
  ['"9999999999"', []],
])('H6 If-Match %s names the versions %o', (header, versions) => {
  const found = versionsOf(header)
  expect(found === null ? null : [...found]).toEqual(versions)
})

test.each([
  '',
  ' ',
  ',',
  '1',
  'nonsense',
  '"1',
  '1"',
  '"1" "2"',
  'w/"1"',
  '*, "1"',
  '"1", *',
  `${'"1",'.repeat(9_000)}x`,
])('H6 %s is no If-Match', (header) => {
  const error = (() => {
    try {
      return versionsOf(header)
    } catch (thrown) {
      return thrown
    }
  })()
  expect(isProblem(error, 'invalid-input') && error.extra.errors?.[0]?.path).toBe('headers.if-match')
})
