import { newId } from '@parley/kit'
import { describe, expect, it } from 'vitest'
import { attendanceCsv } from './csv.ts'
import { statsOf, type Move } from './stats.ts'

const minute = 60_000
const begin = Date.UTC(2026, 0, 5, 10)
const at = (minutes: number): Date => new Date(begin + minutes * minute)
const stay = (user_id: string, from: number, to: number | null, name = 'Ann') => ({
  id: newId(),
  user_id,
  name,
  role: 'participant' as const,
  joined_at: at(from),
  left_at: to === null ? null : at(to),
})
const [ann, bob] = [newId(), newId()]

describe('statsOf', () => {
  it('M13 counts people, joins, time and the most at once', () => {
    const stays = [stay(ann, 0, 10), stay(bob, 5, 20, 'Bob'), stay(ann, 15, null, 'Anna')]
    expect(statsOf(stays, [], at(30))).toEqual({
      peakParticipants: 2,
      joins: 3,
      uniqueParticipants: 2,
      attendance: [
        {
          userId: ann,
          name: 'Anna',
          role: 'participant',
          firstJoinedAt: at(0).toISOString(),
          lastLeftAt: null,
          totalSeconds: 25 * 60,
          joins: 2,
        },
        {
          userId: bob,
          name: 'Bob',
          role: 'participant',
          firstJoinedAt: at(5).toISOString(),
          lastLeftAt: at(20).toISOString(),
          totalSeconds: 15 * 60,
          joins: 1,
        },
      ],
    })
  })

  it('M13 stays of people who leave and come at one moment do not overlap', () =>
    expect(statsOf([stay(ann, 0, 10), stay(bob, 10, 20)], [], at(30)).peakParticipants).toBe(1))

  it('M13 two devices of one person count once, in numbers and in time', () => {
    const { peakParticipants, attendance } = statsOf([stay(ann, 0, 10), stay(ann, 5, 15)], [], at(30))
    expect([peakParticipants, attendance[0]?.totalSeconds, attendance[0]?.joins]).toEqual([1, 15 * 60, 2])
  })

  it('M13 a stay that was reopened counts only while it was open', () => {
    const reopened = stay(ann, 0, 40)
    const moves: Move[] = (['joined', 'left', 'joined', 'left'] as const).map((kind, n) => ({
      participant_id: reopened.id,
      kind,
      at: at(n * 10),
    }))
    const { attendance, peakParticipants } = statsOf([reopened, stay(bob, 11, 19)], moves.toReversed(), at(60))
    expect([attendance[0]?.totalSeconds, attendance[0]?.joins, peakParticipants]).toEqual([20 * 60, 2, 1])
    const open = statsOf([{ ...reopened, left_at: null }], moves.slice(0, 3), at(60)).attendance[0]
    expect([open?.totalSeconds, open?.lastLeftAt]).toEqual([50 * 60, null])
  })

  it('M13 a stay whose end is in no move ends as the stay says', () => {
    const lost = stay(ann, 0, 10)
    const moves: Move[] = [{ participant_id: lost.id, kind: 'joined', at: at(0) }]
    expect(statsOf([lost], moves, at(60)).attendance[0]?.totalSeconds).toBe(600)
  })

  it('M13 a stay whose beginning is in no move begins as the stay says', () => {
    const old = stay(ann, 0, 30)
    const moves: Move[] = (['left', 'joined', 'left'] as const).map((kind, n) => ({
      participant_id: old.id,
      kind,
      at: at((n + 1) * 10),
    }))
    expect(statsOf([old], moves, at(60)).attendance[0]).toMatchObject({ totalSeconds: 20 * 60, joins: 2 })
  })

  it('M13 a meeting that nobody attended has no numbers', () =>
    expect(statsOf([], [], at(0))).toEqual({ peakParticipants: 0, joins: 0, uniqueParticipants: 0, attendance: [] }))
})

describe('attendanceCsv', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://x","y")'])(
    'M13 S29 %j is no formula to a spreadsheet',
    (name) => {
      const { attendance } = statsOf([stay(ann, 0, 1, name)], [], at(2))
      const cell = attendanceCsv(attendance).split('\r\n')[1] ?? ''
      expect(cell.includes(`,'${name}`) || cell.includes(`,"'${name.replaceAll('"', '""')}`)).toBe(true)
    },
  )

  it('M13 has a row of names, times in UTC, and quotes what needs it', () => {
    const { attendance } = statsOf([stay(ann, 0, 1, 'Ä, "B"'), stay(bob, 1, null, 'Bob')], [], at(2))
    expect(attendanceCsv(attendance)).toBe(
      [
        '\ufeffuserId,name,role,firstJoinedAt,lastLeftAt,totalSeconds,joins',
        `${ann},"Ä, ""B""",participant,2026-01-05T10:00:00.000Z,2026-01-05T10:01:00.000Z,60,1`,
        `${bob},Bob,participant,2026-01-05T10:01:00.000Z,,60,1`,
        '',
      ].join('\r\n'),
    )
    expect(attendanceCsv([])).toContain('userId,name')
  })
})
