import type { Participant } from '@parley/contracts'
import { describe, expect, test } from 'vitest'
import {
  avatarColours,
  briefly,
  colourOf,
  comings,
  firstName,
  handPositions,
  initials,
  isolated,
  listNames,
} from './people.ts'

const person = (id: string, hand: number | null = null): Participant => ({
  id,
  userId: id,
  name: id,
  role: 'participant',
  guest: false,
  mic: true,
  cam: true,
  screen: false,
  hand,
  connection: 'connected',
  joinedAt: '2026-01-01T00:00:00.000Z',
})

describe('O8 people', () => {
  test.each([
    ['Ada Lovelace', 'AL'],
    ['ada', 'A'],
    ['  Grace  Brewster  Hopper ', 'GH'],
    ['Łukasz Żak', 'ŁŻ'],
    ['"Bo" (guest)', 'BG'],
    ['山田 太郎', '山太'],
    ['👩‍💻', '👩‍💻'],
    ['   ', '?'],
  ])('initials of %j are %j', (name, expected) => expect(initials(name)).toBe(expected))

  test('a colour is stable and in range', () => {
    const colours = Array.from({ length: 200 }, (_, i) => colourOf(`person-${i}`))
    expect(colours).toEqual(Array.from({ length: 200 }, (_, i) => colourOf(`person-${i}`)))
    expect(colours.every((colour) => Number.isInteger(colour) && colour >= 0 && colour < avatarColours)).toBe(true)
    expect(new Set(colours).size).toBe(avatarColours)
  })

  test('R3 hands count from the lowest number', () => {
    expect([...handPositions([person('a', 9), person('b'), person('c', 2), person('d', 5)])]).toEqual([
      ['c', 1],
      ['d', 2],
      ['a', 3],
    ])
  })

  test('a greeting uses the first word of a name', () => {
    expect(['Ada Lovelace', ' ada ', ''].map(firstName)).toEqual(['Ada', 'ada', ''])
  })

  test('comings and goings', () => {
    const { joined, left } = comings([person('a'), person('b')], [person('b'), person('c')])
    expect([joined.map((p) => p.id), left.map((p) => p.id)]).toEqual([['c'], ['a']])
  })

  test('names are listed shortly', () => {
    expect(listNames([])).toBe('')
    expect(listNames(['Ada'])).toBe('Ada')
    expect(listNames(['Ada', 'Bo'])).toBe('Ada and Bo')
    expect(listNames(['דנה', 'Bo'])).toBe('\u2068דנה\u2069 and Bo')
    expect(isolated('Zoë')).toBe('Zoë')
    expect(listNames(['Bartholomew Featherstonehaugh-Cholmondeley', 'Bo'])).toBe('Bartholomew Featherstonehaug… and Bo')
    expect(briefly('👩‍👩‍👧‍👦'.repeat(30))).toBe(`${'👩‍👩‍👧‍👦'.repeat(28)}…`)
    expect(briefly('א'.repeat(30))).toBe(`\u2068${'א'.repeat(28)}…\u2069`)
    expect(listNames(['Ada', 'Bo', 'Cy'])).toBe('Ada, Bo and 1 other')
    expect(listNames(['Ada', 'Bo', 'Cy', 'Di'])).toBe('Ada, Bo and 2 others')
  })
})
