import { occupiedRooms, signalingBus, type RosterEntry } from '@parley/contracts'
import { request, isProblem } from '@parley/kit'
import { now, type Context } from './context.ts'
import { beforeDisorder } from './fact.ts'
import { startLoop, type Loop } from './loop.ts'
import { isOver } from './meeting.ts'
import { occupy } from './occupancy.ts'
import { addStays, closeStays, listOccupied } from './store/attendance.ts'
import { lockMeeting } from './store/meetings.ts'

const everyMs = 10_000
const page = 1_000
/** Remembered from one look to the next, and asked about in one look; the others have their turn in the next ones. */
const maxMissing = 10_000
const maxAsked = 500
const maxUnanswered = 25
const atOnce = 8

/**
 * Compares attendance with the rooms: their store may have lost who left. A meeting whose room no node has announced in two looks is asked about; who is not in its room has left.
 * Rooms that are announced are left alone, and several replicas do no harm.
 */
export function startRoomLooks(context: Context): Loop {
  let missing: ReadonlySet<string> = new Set()
  return startLoop({
    name: 'looks at rooms',
    everyMs,
    log: context.log,
    async run() {
      const without = await withoutRoom(context)
      const due = without.filter((id) => missing.has(id)).slice(0, maxAsked)
      const asked = await askAll(context, due)
      missing = new Set(without.filter((id) => !asked.has(id)))
      return false
    },
  })
}

/** Meetings with people in them, as far as is written down, whose rooms nobody has announced. */
async function withoutRoom({ db, kv }: Context): Promise<string[]> {
  const rooms = new Set([...(await kv.alive(occupiedRooms)), ...(await kv.expired(occupiedRooms))])
  const without: string[] = []
  let ids: string[] = []
  do {
    ids = await listOccupied(db, ids.at(-1) ?? null, page)
    without.push(...ids.filter((id) => !rooms.has(id)))
  } while (ids.length === page && without.length < maxMissing)
  return without.slice(0, maxMissing)
}

/** Answers those that an answer was got for. While signaling is away, few are asked in vain. */
async function askAll(context: Context, meetingIds: readonly string[]): Promise<ReadonlySet<string>> {
  const asked = new Set<string>()
  const waiting = [...meetingIds]
  let unanswered = 0
  const askOn = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined && unanswered < maxUnanswered; id = waiting.shift()) {
      const at = now(context)
      const roster = await rosterOf(context, id)
      if (roster === null) unanswered += 1
      else {
        await applyRoster(context, id, { roster, at })
        asked.add(id)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, askOn))
  return asked
}

/** Null when nobody can say yet. */
async function rosterOf({ bus, log }: Context, meetingId: string): Promise<RosterEntry[] | null> {
  try {
    return (await request(bus, signalingBus.roster, { meetingId })).people
  } catch (err) {
    const level = isProblem(err, 'unavailable') || isProblem(err, 'deadline-exceeded') ? 'info' : 'error'
    log[level]({ err, meetingId }, 'the people in a room are not known yet; will ask again')
    return null
  }
}

/** The people who were in the room `at` that time. A person heard of since, or shortly before, is not touched. */
async function applyRoster(
  context: Context,
  meetingId: string,
  { roster, at }: { roster: readonly RosterEntry[]; at: Date },
): Promise<void> {
  const closed = await context.db.transaction().execute(async (trx) => {
    const meeting = await lockMeeting(trx, meetingId)
    if (meeting === undefined) return 0
    await addStays(trx, meetingId, roster)
    const except = roster.map(({ participantId }) => participantId)
    const count = await closeStays(trx, meetingId, { at, before: beforeDisorder(at), except })
    if (!isOver(meeting.status)) {
      const came = roster.map(({ joinedAt }) => joinedAt)
      await occupy(trx, context, meeting, came)
    }
    return count
  })
  context.wakeTeller()
  if (closed > 0) context.log.warn({ meetingId, closed }, 'ended stays in a room that was lost')
}
