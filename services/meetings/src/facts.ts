import { Fact } from '@parley/contracts'
import { compile, type FactConsumer } from '@parley/kit'
import { now, roomBase, type Context } from './context.ts'
import { isOver, toMeeting } from './meeting.ts'
import { keepMoves } from './stats/store.ts'
import { applyFact, closeStays, emptySince } from './store/attendance.ts'
import { removedAmong } from './store/members.ts'
import { lockMeeting, setOccupancy } from './store/meetings.ts'
import { enqueueCommand } from './store/outbox.ts'
import type { Db, MeetingRow } from './tables.ts'
import { putMeetingEvents } from './user-events/put.ts'

/** Facts may overtake each other by this much: retries of a store, clocks of nodes. */
const disorderMs = 30_000

/** Keeps attendance and the life of meetings by what happened in their rooms. Every effect may be repeated. */
export function consumeFacts(context: Context, consumer: string): FactConsumer {
  const read = factReader(context)
  return context.kv.facts.consume({
    group: 'meetings',
    consumer,
    handle: async (entries) => {
      for (const facts of byMeeting(entries.flatMap(read)).values()) await applyFacts(context, facts)
    },
  })
}

/** Applies facts of one meeting, in one transaction. */
async function applyFacts(context: Context, facts: readonly [Fact, ...Fact[]]): Promise<void> {
  const [{ meetingId }] = facts
  const told = await context.db.transaction().execute(async (trx) => {
    const meeting = await lockMeeting(trx, meetingId)
    if (meeting === undefined) return null
    for (const fact of facts) await applyFact(trx, fact)
    await keepMoves(trx, meeting, facts)
    const emptied = facts.findLast(({ kind, present }) => kind === 'left' && present === 0)
    if (emptied !== undefined) await closeStays(trx, meetingId, staysBefore(emptied))
    return await follow(trx, context, meeting, facts)
  })
  if (told === null) context.log.warn({ meetingId, facts: facts.length }, 'facts of a meeting that does not exist')
  context.wakeTeller()
  if (told === true) context.wakeRelay()
}

/** The meeting after these facts; true when its room has to be told something. */
async function follow(trx: Db, context: Context, meeting: MeetingRow, facts: readonly Fact[]): Promise<boolean> {
  const at = now(context)
  const joined = facts.filter(({ kind }) => kind === 'joined').map((fact) => fact.at)
  if (isOver(meeting.status)) {
    // Somebody came in while it was being ended; the room of before has been closed, this one has not.
    if (joined.length === 0) return false
    await enqueueCommand(trx, meeting.id, { kind: 'end', reason: meeting.end_reason ?? 'host' }, at)
    return true
  }
  const [first] = joined.sort()
  const startedAt = first === undefined ? meeting.started_at : earlier(meeting.started_at, new Date(first))
  const status = startedAt === null ? meeting.status : 'live'
  const after = { ...meeting, status, started_at: startedAt }
  await setOccupancy(trx, meeting.id, { status, startedAt, emptySince: await emptySince(trx, meeting.id) })
  if (startedAt !== null && meeting.started_at === null && meeting.deleted_at === null) {
    await putMeetingEvents(trx, context, [{ type: 'meeting.started', meeting: after }])
  }
  const behind = await tellAgain(trx, context, after, facts)
  const slippedIn = await sendOutAgain(trx, meeting.id, facts, at)
  return behind || slippedIn
}

/** Who opens a room may bring the meeting as it was just before a change, which found no room to be told: it is told again. */
async function tellAgain(trx: Db, context: Context, meeting: MeetingRow, facts: readonly Fact[]): Promise<boolean> {
  const opened = facts.some(({ kind, present }) => kind === 'joined' && present === 1)
  if (!opened || meeting.version === 1) return false
  const shown = toMeeting(meeting, roomBase(context, meeting))
  await enqueueCommand(trx, meeting.id, { kind: 'meeting-updated', meeting: shown }, now(context))
  return true
}

/** Who was removed while on the way in has come in after the room was told: it is told again. */
async function sendOutAgain(trx: Db, meetingId: string, facts: readonly Fact[], at: Date): Promise<boolean> {
  const joined = facts.filter(({ kind }) => kind === 'joined').map(({ userId }) => userId)
  const removed = await removedAmong(trx, meetingId, joined)
  for (const { userId, banned } of removed)
    await enqueueCommand(trx, meetingId, { kind: 'remove', userId, reason: banned ? 'banned' : 'removed' }, at)
  return removed.length > 0
}

const earlier = (known: Date | null, at: Date): Date => (known !== null && known < at ? known : at)

const staysBefore = ({ at }: Fact) => ({ at: new Date(at), before: new Date(new Date(at).getTime() - disorderMs) })

function byMeeting(facts: readonly Fact[]): Map<string, [Fact, ...Fact[]]> {
  const groups = new Map<string, [Fact, ...Fact[]]>()
  for (const fact of facts) {
    const group = groups.get(fact.meetingId)
    if (group === undefined) groups.set(fact.meetingId, [fact])
    else group.push(fact)
  }
  return groups
}

/** Reads facts; one that is none is logged and left out, for it would fail for ever and hold up all others. */
function factReader({ log }: Context): (entry: { id: string; text: string }) => Fact[] {
  const check = compile(Fact)
  const isFact = (value: unknown): value is Fact => check(value).length === 0
  return ({ id, text }) => {
    const value = parsed(text)
    if (isFact(value) && !Number.isNaN(Date.parse(value.at))) return [value]
    log.error({ fact: id }, 'a fact cannot be read')
    return []
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
