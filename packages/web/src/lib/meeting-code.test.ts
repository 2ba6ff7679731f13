import { describe, expect, test } from 'vitest'
import { formatMeetingCode, parseMeetingCode } from './meeting-code.ts'

describe('O8 parseMeetingCode', () => {
  test.each([
    ['abc-defg-hij', 'abc-defg-hij'],
    ['  ABC-DEFG-HIJ ', 'abc-defg-hij'],
    ['abcdefghij', 'abc-defg-hij'],
    ['abc defg hij', 'abc-defg-hij'],
    ['https://meet.example.com/m/abc-defg-hij', 'abc-defg-hij'],
    ['Join me: https://meet.example.com/m/abc-defg-hij?x=1 at nine', 'abc-defg-hij'],
    ['meet.example.com/m/abcdefghij', 'abc-defg-hij'],
  ])('finds the code in %j', (input, expected) => expect(parseMeetingCode(input)).toBe(expected))

  test.each([
    '',
    'abc',
    'abc-defg-hijk',
    'abc-def-ghij',
    'ab1-defg-hij',
    'https://meet.example.com/',
    'https://x.y/m/abc-defg-hijk',
  ])('finds none in %j', (input) => expect(parseMeetingCode(input)).toBeNull())
})

describe('O8 formatMeetingCode', () => {
  test.each([
    ['', ''],
    ['ab', 'ab'],
    ['abcd', 'abc-d'],
    ['abc-', 'abc'],
    ['ABCDEFGH', 'abc-defg-h'],
    ['abc-defg-hijklm', 'abc-defg-hij'],
    ['https://meet.example.com/m/abc-defg-hij', 'abc-defg-hij'],
  ])('shows %j as %j', (input, expected) => expect(formatMeetingCode(input)).toBe(expected))
})
