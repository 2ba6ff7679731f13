import { describe, expect, test } from 'vitest'
import { formatElapsed, formatWhen, greeting, nextHalfHour, timeElsewhere, toFieldValue } from './time.ts'

describe('O8 time', () => {
  test('A time in another zone is said only where its clocks differ', () => {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone
    expect(timeElsewhere('2026-06-01T12:00:00.000Z', here)).toBeNull()
    expect(timeElsewhere('2026-06-01T12:00:00.000Z', 'Mars/Olympus')).toBeNull()
    const far = here === 'Pacific/Kiritimati' ? 'Pacific/Honolulu' : 'Pacific/Kiritimati'
    expect(timeElsewhere('2026-06-01T12:00:00.000Z', far)).toContain(`in ${far}`)
  })

  test('a date fills a field and comes back the same', () => {
    const date = new Date(2026, 2, 29, 1, 30)
    expect(toFieldValue(date)).toBe('2026-03-29T01:30')
    expect(new Date(toFieldValue(date))).toEqual(date)
  })

  test.each([
    [4, 'Good evening'],
    [5, 'Good morning'],
    [11, 'Good morning'],
    [12, 'Good afternoon'],
    [18, 'Good evening'],
  ])('at %i o’clock: %s', (hour, expected) => expect(greeting(hour)).toBe(expected))

  test('days near today have names', () => {
    const now = new Date(2026, 10, 21, 10, 0)
    const at = (day: number) => formatWhen(new Date(2026, 10, day, 9, 30).toISOString(), now)
    expect(at(20)).toMatch(/^Yesterday, /)
    expect(at(21)).toMatch(/^Today, /)
    expect(at(22)).toMatch(/^Tomorrow, /)
    expect(at(25)).toMatch(/25/)
  })

  test('elapsed', () => {
    expect(formatElapsed(-5)).toBe('0:00')
    expect(formatElapsed(245_000)).toBe('4:05')
    expect(formatElapsed(3_723_000)).toBe('1:02:03')
  })

  test('the next half hour', () => {
    expect(nextHalfHour(new Date(2026, 10, 21, 10, 1))).toBe('2026-11-21T10:30')
    expect(nextHalfHour(new Date(2026, 10, 21, 23, 40))).toBe('2026-11-22T00:00')
  })
})
