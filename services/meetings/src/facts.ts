import { Fact } from '@parley/contracts'
import { compile, type FactConsumer } from '@parley/kit'
import { now, type Context } from './context.ts'
import { isJoining, isMove, isRestoration, type Move } from './fact.ts'
import { isOver } from './meeting.ts'
import { keepStats } from './stats/store.ts'
import { occupy } from './occupancy.ts'
import { applyMoves, applyPresent, closeStays, isNewer } from './store/attendance.ts'
import { lockMeeting } from './store/meetings.ts'
import type { Db, MeetingRow } from './tables.ts'
import { tellDecisions, tellEnd, tellMeeting } from './told-again.ts'

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
    for (const together of atOnce(facts)) await applyTogether(trx, together)
    await keepStats(trx, meeting, { moves: facts.filter(isMove), users: facts.flatMap(inside) })
    return await follow(trx, context, meeting, facts)
  })
  if (told === null) context.log.warn({ meetingId, facts: facts.length }, 'facts of a meeting that does not exist')
  context.wakeTeller()
  if (told === true) context.wakeRelay()
}

/** Facts in their order, in parts that one statement applies: moves of different people, which say nothing of the others. */
function atOnce(facts: readonly Fact[]): [Fact, ...Fact[]][] {
  const parts: [Fact, ...Fact[]][] = []
  let movers: Set<string> | null = null
  for (const fact of facts) {
    const mover = isMove(fact) && everybodyIn(fact) === null ? fact.participantId : null
    const last = parts.at(-1)
    if (last !== undefined && mover !== null && movers !== null && !movers.has(mover)) last.push(fact)
    else {
      parts.push([fact])
      movers = mover === null ? null : new Set()
    }
    if (mover !== null) movers?.add(mover)
  }
  return parts
}

async function applyTogether(trx: Db, facts: readonly [Fact, ...Fact[]]): Promise<void> {
  const [fact] = facts
  const { meetingId, id } = fact
  const at = new Date(fact.at)
  const inRoom = everybodyIn(fact)
  // A fact that is given again tells nothing of those who came since.
  const isNews = inRoom !== null && (await isNewer(trx, subjectsOf(fact), { at, id }))
  if (isMove(fact)) await applyMoves(trx, facts.filter(isMove))
  else await applyPresent(trx, fact.people, { meetingId, id, at })
  // By the store's clock, and in the stream of the room: whoever was heard of before this fact, and is not in the room by it, has left.
  if (isNews) await closeStays(trx, meetingId, { at, before: at, except: inRoom })
}

const subjectsOf = (fact: Fact): string[] =>
  isMove(fact) ? [fact.participantId] : fact.people.map(({ participantId }) => participantId)

/** The participants that are in the room by this fact, if it tells of all; otherwise null. */
function everybodyIn(fact: Fact): string[] | null {
  if (!isMove(fact)) return fact.people.map(({ participantId }) => participantId)
  if (fact.kind === 'joined') return fact.present === 1 ? [fact.participantId] : null
  return fact.present === 0 ? [] : null
}

/** The people who have been in the room by this fact. */
const inside = (fact: Fact): { userId: string; role: Move['role']; since: string }[] =>
  isMove(fact)
    ? [{ userId: fact.userId, role: fact.role, since: fact.at }]
    : fact.people.map(({ userId, role, joinedAt }) => ({ userId, role, since: joinedAt }))

/** The meeting after these facts; true when its room has to be told something. */
async function follow(trx: Db, context: Context, meeting: MeetingRow, facts: readonly Fact[]): Promise<boolean> {
  const at = now(context)
  const restored = facts.some(isRestoration)
  const came = facts.filter((fact) => isJoining(fact) || isRestoration(fact)).flatMap(inside)
  if (isOver(meeting.status)) {
    // Somebody came in while it was being ended; the room of before has been closed, this one has not.
    if (came.length === 0 && !restored) return false
    await tellEnd(trx, meeting, at)
    return true
  }
  const after = await occupy(
    trx,
    context,
    meeting,
    came.map(({ since }) => since),
  )
  // The first participant may carry a snapshot from just before an update. That update found no room, so it is sent again.
  const opened = facts.some((fact) => isJoining(fact) && fact.present === 1)
  const behind = restored || (opened && meeting.version > 1)
  if (behind) await tellMeeting(trx, context, after)
  return (await tellDecisions(trx, after, came, at)) || behind
}

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
    if (isFact(value) && timesOf(value).every((time) => !Number.isNaN(Date.parse(time)))) return [value]
    log.error({ fact: id }, 'a fact cannot be read')
    return []
  }
}

const timesOf = (fact: Fact): string[] => [fact.at, ...inside(fact).map(({ since }) => since)]

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
