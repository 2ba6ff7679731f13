import type { MeetingStats, UserAttendance } from '@parley/contracts'
import type { AttendanceRow } from '../tables.ts'

export interface Move {
  participant_id: string
  kind: 'joined' | 'left'
  at: Date
}
/** Milliseconds since 1970; open while `to` is null. */
interface Interval {
  from: number
  to: number | null
}
type Stay = Pick<AttendanceRow, 'id' | 'user_id' | 'name' | 'role' | 'joined_at' | 'left_at'>

/** Numbers of a meeting from its stays and the comings and goings in them; `now` ends what has not ended. */
export function statsOf(
  stays: readonly Stay[],
  moves: readonly Move[],
  now: Date,
): Omit<MeetingStats, 'durationSeconds' | 'messages'> {
  const byParticipant = Map.groupBy(moves, (move) => move.participant_id)
  const staysByUser = [...Map.groupBy(stays, (stay) => stay.user_id).values()]
  const each = staysByUser.map((own) => {
    const intervals = own.flatMap((stay) => intervalsOf(stay, byParticipant.get(stay.id) ?? []))
    const together = union(intervals)
    return { attendance: attendanceOf(own, { joins: intervals.length, together, now: now.getTime() }), together }
  })
  return {
    peakParticipants: peakOf(each.flatMap(({ together }) => together)),
    joins: each.reduce((sum, { attendance }) => sum + attendance.joins, 0),
    uniqueParticipants: staysByUser.length,
    attendance: each.map(({ attendance }) => attendance).sort((a, b) => (a.firstJoinedAt < b.firstJoinedAt ? -1 : 1)),
  }
}

/**
 * The times of one stay. A session that is resumed after its end opens the stay again. The stay itself only keeps the first beginning and the last end.
 */
function intervalsOf({ joined_at, left_at }: Stay, moves: readonly Move[]): Interval[] {
  const intervals: Interval[] = []
  const sorted = moves.toSorted(inOrder)
  // One whose coming was lost, or is older than the table of moves.
  let from = sorted[0]?.kind === 'left' ? joined_at.getTime() : null
  for (const move of sorted) {
    const at = move.at.getTime()
    if (move.kind === 'joined') from ??= at
    else if (from !== null) {
      intervals.push({ from, to: at })
      from = null
    }
  }
  // How it stands now is what the stay says: the end of a meeting, or of a room that was lost, is in no move.
  const end = left_at?.getTime() ?? null
  if (from !== null) intervals.push({ from, to: end === null ? null : Math.max(end, from) })
  return intervals.length > 0 ? intervals : [{ from: joined_at.getTime(), to: end }]
}

/** Of two moves at one instant, coming is before going. */
const inOrder = (a: Move, b: Move): number =>
  a.at.getTime() - b.at.getTime() || Number(a.kind === 'left') - Number(b.kind === 'left')

/** Intervals that do not overlap, in order. */
function union(intervals: readonly Interval[]): Interval[] {
  const merged: Interval[] = []
  for (const { from, to } of intervals.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last === undefined || (last.to !== null && last.to < from)) merged.push({ from, to })
    else if (last.to !== null) last.to = to === null ? null : Math.max(last.to, to)
  }
  return merged
}

/** The most intervals that are open at once; one that ends when another begins is no overlap. A sweep over their ends. */
function peakOf(intervals: readonly Interval[]): number {
  const ends = intervals.flatMap(({ from, to }) => [
    { at: from, step: 1 },
    { at: to ?? Infinity, step: -1 },
  ])
  let [open, peak] = [0, 0]
  for (const { step } of ends.sort((a, b) => a.at - b.at || a.step - b.step)) {
    open += step
    peak = Math.max(peak, open)
  }
  return peak
}

function attendanceOf(
  stays: readonly Stay[],
  { joins, together, now }: { joins: number; together: readonly Interval[]; now: number },
): UserAttendance {
  const newest = stays.reduce((a, b) => (b.joined_at > a.joined_at ? b : a))
  const first = Math.min(...together.map(({ from }) => from))
  const ends = together.map(({ to }) => to)
  const totalMs = together.reduce((sum, { from, to }) => sum + Math.max(0, (to ?? now) - from), 0)
  return {
    userId: newest.user_id,
    name: newest.name,
    role: newest.role,
    firstJoinedAt: new Date(first).toISOString(),
    lastLeftAt: ends.includes(null) ? null : new Date(Math.max(...ends.map((end) => end ?? 0))).toISOString(),
    totalSeconds: Math.round(totalMs / 1000),
    joins,
  }
}
