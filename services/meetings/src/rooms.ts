import { occupiedRooms, signalingBus, type RosterEntry } from '@parley/contracts'
import { request, isProblem } from '@parley/kit'
import { now, type Context } from './context.ts'
import { beforeDisorder } from './fact.ts'
import { startLoop, type Loop } from './loop.ts'
import { isOver } from './meeting.ts'
import { occupy } from './occupancy.ts'
import { addStays, closeStays, differs, listOccupied } from './store/attendance.ts'
import { lockMeeting } from './store/meetings.ts'

const everyMs = 10_000
const page = 1_000
/** Remembered from one look to the next, and asked about in one look; the others have their turn in the next ones. */
const maxMissing = 10_000
const maxAsked = 500
const maxUnanswered = 25
const atOnce = 8
/** Announced rooms that are compared in one look, in turn. */
const maxCompared = 50

/**
 * Compares attendance with the rooms: their store may have lost who left, or who came. A meeting whose room no node has announced in two
 * looks is asked about; who is not in its room has left. Announced rooms have their turn, for a store may go back without a word; one
 * that is said to be empty is left alone, for its node has just said otherwise. Several replicas do no harm.
 */
export function startRoomLooks(context: Context): Loop {
  let missing: ReadonlySet<string> = new Set()
  let compared: string | null = null
  return startLoop({
    name: 'looks at rooms',
    everyMs,
    log: context.log,
    async run() {
      const { without, announced } = await lookAtAll(context, compared)
      const due = without.filter((id) => missing.has(id)).slice(0, maxAsked)
      const asked = await askAll(context, due, { isLost: true })
      missing = new Set(without.filter((id) => !asked.has(id)))
      await askAll(context, announced, { isLost: false })
      // After the last one the first ones have their turn again.
      compared = announced.length < maxCompared ? null : (announced.at(-1) ?? null)
      return false
    },
  })
}

interface OccupiedMeetings {
  /** Their rooms nobody has announced. */
  without: string[]
  /** The next ones after `compared` whose rooms a node has. */
  announced: string[]
}

/** Meetings with people in them, as far as is written down. */
async function lookAtAll({ db, kv }: Context, compared: string | null): Promise<OccupiedMeetings> {
  const alive = new Set(await kv.alive(occupiedRooms))
  const expired = new Set(await kv.expired(occupiedRooms))
  const without: string[] = []
  const announced: string[] = []
  let ids: string[] = []
  do {
    ids = await listOccupied(db, ids.at(-1) ?? null, page)
    without.push(...ids.filter((id) => !alive.has(id) && !expired.has(id)))
    announced.push(...ids.filter((id) => alive.has(id) && (compared === null || id > compared)))
  } while (ids.length === page && without.length < maxMissing)
  return { without: without.slice(0, maxMissing), announced: announced.slice(0, maxCompared) }
}

/** Answers those that an answer was got for. While signaling is away, few are asked in vain. */
async function askAll(
  context: Context,
  meetingIds: readonly string[],
  { isLost }: { isLost: boolean },
): Promise<ReadonlySet<string>> {
  const asked = new Set<string>()
  const waiting = [...meetingIds]
  let unanswered = 0
  const askOn = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined && unanswered < maxUnanswered; id = waiting.shift()) {
      const at = now(context)
      const roster = await rosterOf(context, id)
      if (roster === null) unanswered += 1
      else {
        if (isLost || (roster.length > 0 && (await differs(context.db, id, { roster, before: beforeDisorder(at) }))))
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
  if (closed > 0) context.log.warn({ meetingId, closed }, 'ended stays of participants who are not in the room')
}
