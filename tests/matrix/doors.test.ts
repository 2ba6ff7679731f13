import { join } from 'node:path'
import type { Meeting, OperationName } from '@parley/contracts'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startEmbedded, type Embedded } from '../support/product.ts'
import { call, type Answer } from './call.ts'
import { createUsers, type MatrixUsers } from './users.ts'
import { personas, type Columns, type Expected, type Persona } from './row.ts'
import { anon, hidden, no } from './expected/words.ts'
import { createWorld, type MatrixMeeting } from './world.ts'

const startWithinMs = 90_000

/** Meetings by what stands between them and an outsider. `over` is done once everybody has been in their places. */
const doors = {
  open: { kind: 'public' },
  passcode: { kind: 'public', body: { passcode: 'secret' } },
  'waiting room': { kind: 'public', settings: { waitingRoom: true } },
  'invited only': { kind: 'invited_only' },
  ended: { kind: 'public', over: 'end' },
  deleted: { kind: 'public', over: 'delete' },
} as const
type Door = keyof typeof doors

const waits = 'not-admitted'
const locked = 'passcode-required'
const all = (same: Expected): Columns => [same, same, same, same, same, same, same, same, anon]
/** Columns: host, cohost, participant, exParticipant, invited, stranger, guest, guestInside, nobody. */
const insidersAnd = (invited: Expected, outsider: Expected): Columns => [
  200,
  200,
  200,
  200,
  invited,
  outsider,
  outsider,
  200,
  anon,
]
const leading: Columns = [200, 200, no, no, no, hidden, no, no, anon]
const behind = { 'invited only': insidersAnd(hidden, hidden), deleted: all(hidden) }

/** The data behind the door (docs/spec/doors.md), and the answer to each persona. */
const expected: Record<string, Record<Door, Columns>> = {
  participants: {
    ...behind,
    open: insidersAnd(200, 200),
    passcode: insidersAnd(locked, locked),
    'waiting room': insidersAnd(waits, waits),
    'invited only': insidersAnd(200, hidden),
    ended: insidersAnd(waits, waits),
  },
  meetingCalendar: {
    ...behind,
    open: insidersAnd(200, 200),
    passcode: insidersAnd(200, locked),
    'waiting room': insidersAnd(200, waits),
    'invited only': insidersAnd(200, hidden),
    ended: insidersAnd(200, waits),
  },
  ...Object.fromEntries(
    ['listMessages', 'meetingEvents'].map((name) => [
      name,
      {
        ...behind,
        open: insidersAnd(hidden, hidden),
        passcode: insidersAnd(hidden, hidden),
        'waiting room': insidersAnd(hidden, hidden),
        ended: insidersAnd(hidden, hidden),
      },
    ]),
  ),
  ...Object.fromEntries(
    ['meetingStats', 'attendanceCsv'].map((name) => [
      name,
      {
        open: leading,
        passcode: leading,
        'waiting room': leading,
        ended: leading,
        'invited only': leading,
        deleted: [...all(hidden).slice(0, 6), no, no, anon] as unknown as Columns,
      },
    ]),
  ),
}
/** How many people of the roster `getMeeting` shows to outsiders of a door; null: the meeting is not found. */
const shownOf: Record<Door, number | null> = {
  open: 4,
  passcode: 0,
  'waiting room': 0,
  'invited only': null,
  ended: 0,
  deleted: null,
}

describe('X9b X26 what is behind the door is for those who were admitted', () => {
  let product: Embedded
  let url: string
  let people: MatrixUsers
  beforeAll(async () => {
    for (const [name, value] of [
      ['RATE_LIMITS', 'off'],
      ['BCRYPT_COST', '4'],
    ] as const)
      vi.stubEnv(name, value)
    product = await startEmbedded()
    url = product.gateways[0] ?? ''
    people = await createUsers(url, join(product.dataDir, 'mail'))
  }, startWithinMs)
  afterAll(async () => {
    vi.unstubAllEnvs()
    await product.stop()
  }, startWithinMs)

  const ask = (name: OperationName, persona: Persona, { id }: Meeting): Promise<Answer> =>
    call(url, name, {
      token: persona === 'nobody' ? null : people[persona].token,
      input: { params: { id }, query: {}, headers: {} },
    })

  it.each(Object.keys(doors) as Door[])(
    'X9b X26 S21 of a meeting with this door: %s',
    async (door) => {
      const world = await worldOf(url, people, door, async ({ meeting }) => {
        // An admission just before the door closes may be remembered.
        for (const persona of personas) await ask('listMessages', persona, meeting)
      })
      const wrong: string[] = []
      for (const [name, columns] of Object.entries(expected)) {
        for (const [at, persona] of personas.entries()) {
          const { got, faults } = await ask(name as OperationName, persona, world.meeting)
          if (got !== columns[door][at]) wrong.push(`${name}: ${persona} is to get ${columns[door][at]}, got ${got}`)
          wrong.push(...faults.map((fault) => `${name}: ${persona} got ${got}, but ${fault}`))
        }
      }
      for (const persona of ['stranger', 'guest'] as const) {
        const { got, body } = await ask('getMeeting', persona, world.meeting)
        const shown = got === 200 ? (body as { participants: unknown[] }).participants.length : null
        if (shown !== shownOf[door]) wrong.push(`getMeeting shows ${persona} ${shown} people`)
      }
      world.close()
      expect(wrong, wrong.join('\n')).toEqual([])
    },
    60_000,
  )
})

async function worldOf(
  url: string,
  people: MatrixUsers,
  door: Door,
  before: (world: MatrixMeeting) => Promise<void>,
): Promise<MatrixMeeting> {
  const { kind, ...how }: { kind: 'public' | 'invited_only'; body?: object; settings?: object; over?: string } =
    doors[door]
  const world = await createWorld(url, people, kind, how.body)
  if (how.settings !== undefined) await world.asHost('PATCH', '', { settings: how.settings })
  await before(world)
  if (how.over === 'end') await world.asHost('POST', '/end', {})
  if (how.over === 'delete') await world.asHost('DELETE', '')
  return world
}
