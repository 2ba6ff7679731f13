import type { LobbyDecision, LobbyEntry, meetingsBus } from '@parley/contracts'
import type { Static } from 'typebox'
import { changing } from '../changing.ts'
import { now, roomBase, type Context } from '../context.ts'
import { isOver, toMeeting } from '../meeting.ts'
import {
  countLobby,
  findEntries,
  findLobbyMeeting,
  listWaiting,
  lobbiesToLapse,
  seeEntries,
  settleEntries,
} from '../store/lobby.ts'
import { lockMeeting } from '../store/meetings.ts'
import type { MeetingRow } from '../tables.ts'
import type { LobbyRow } from '../tables-admission.ts'
import { admittedTo, refused } from './admitted.ts'
import { unseenMs } from './place.ts'

type LobbyState = Static<(typeof meetingsBus.lobby)['output']>
type LobbyQuery = Static<(typeof meetingsBus.lobby)['input']>

/** The time last seen may be this old: it saves a write per question. */
const seenEveryMs = 10_000
const lapsedAtOnce = 50
/** With the longest list of who waits this stays below what the bus carries in one message. */
const maxDecidedBytes = 200_000

/**
 * The lobby of a meeting; those `present` keep their place, and hear how their wait ended if it did. Decisions that do
 * not fit into an answer are given to the next question.
 */
export async function lobbyState(context: Context, { meetingId, present }: LobbyQuery): Promise<LobbyState> {
  const at = now(context)
  let seen = await readLobby(context, meetingId, present)
  if (isStale(seen, at)) {
    await refreshLobby(context, meetingId, { entries: seen.entries, at })
    seen = await readLobby(context, meetingId, present)
  }
  const { meeting, waiting, entries } = seen
  if (meeting === undefined || meeting.deleted_at !== null || isOver(meeting.status)) {
    const decided = present.map((participantId) => refused(participantId, 'ended'))
    const ended = meeting?.end_reason ?? 'host'
    return { lv: meeting?.lobby_version ?? 0, lobby: [], decided, ended }
  }
  const byId = new Map(entries.map((entry) => [entry.participant_id, entry]))
  const admitted = await admittedTo(context, meetingId, entries)
  const decided = fitting(present, (participantId) => decisionOn(participantId, byId.get(participantId), admitted))
  const shown = toMeeting(meeting, roomBase(context, meeting))
  return { lv: meeting.lobby_version, lobby: waiting.map(toEntry), decided, meeting: shown }
}

interface Lobby {
  meeting: MeetingRow | undefined
  waiting: LobbyRow[]
  /** Of those who are present. */
  entries: LobbyRow[]
}

async function readLobby({ db }: Context, meetingId: string, present: readonly string[]): Promise<Lobby> {
  // The version before the list: a list that is newer than its version is asked for again, never the other way round.
  const meeting = await findLobbyMeeting(db, meetingId)
  const waiting = await listWaiting(db, meetingId)
  return { meeting, waiting, entries: await findEntries(db, meetingId, present) }
}

const unseenSince = (at: Date): Date => new Date(at.getTime() - unseenMs)

/** Whether the lobby has to be written before it is told. */
function isStale({ waiting, entries }: Lobby, at: Date): boolean {
  const seenLongAgo = ({ seen_at }: LobbyRow): boolean => at.getTime() - seen_at.getTime() >= seenEveryMs
  const toSee = ({ status }: LobbyRow, old: boolean): boolean => status === 'lapsed' || (status === 'waiting' && old)
  if (entries.some((entry) => toSee(entry, seenLongAgo(entry)))) return true
  return waiting.some((entry) => entry.seen_at <= unseenSince(at))
}

/** The decisions on these people, as many as an answer on the bus holds. */
function fitting(present: readonly string[], decide: (participantId: string) => LobbyDecision | null): LobbyDecision[] {
  const decided: LobbyDecision[] = []
  let bytes = 0
  for (const participantId of present) {
    const decision = decide(participantId)
    if (decision === null) continue
    bytes += Buffer.byteLength(JSON.stringify(decision))
    if (bytes > maxDecidedBytes) break
    decided.push(decision)
  }
  return decided
}

/** Writes down the people who were seen, in their old places. It takes out those who were not seen for too long. */
async function refreshLobby(
  context: Context,
  meetingId: string,
  { entries, at }: { entries: readonly LobbyRow[]; at: Date },
): Promise<void> {
  const lv = await changing(context, meetingId, async (trx) => {
    if ((await lockMeeting(trx, meetingId)) === undefined) return null
    const ids = entries.map((entry) => entry.participant_id)
    const known = await findEntries(trx, meetingId, ids)
    await seeEntries(trx, ids, at)
    const lapse = { status: 'lapsed', decided_by: null, decided_at: null } as const
    const lapsed = await settleEntries(trx, meetingId, { seenBefore: unseenSince(at) }, lapse)
    const changed = lapsed.length > 0 || known.some((entry) => entry.status === 'lapsed')
    return changed ? countLobby(trx, meetingId) : null
  })
  if (lv !== null) context.tellLobby(meetingId, lv)
}

/** Takes out of all lobbies who was not seen for too long, some lobbies at a time. */
export async function lapseLobbies(context: Context, at: Date): Promise<void> {
  for (const meetingId of await lobbiesToLapse(context.db, unseenSince(at), lapsedAtOnce))
    await refreshLobby(context, meetingId, { entries: [], at })
}

function decisionOn(
  participantId: string,
  entry: LobbyRow | undefined,
  admitted: ReadonlyMap<string, LobbyDecision>,
): LobbyDecision | null {
  if (entry === undefined) return refused(participantId, 'gone')
  const { status } = entry
  switch (status) {
    case 'waiting':
      return null
    case 'admitted':
      return admitted.get(participantId) ?? null
    case 'rejected':
    case 'removed':
      return refused(participantId, status)
    case 'left':
    case 'lapsed':
      return refused(participantId, 'gone')
    default:
      return status satisfies never
  }
}

const toEntry = (row: LobbyRow, index: number): LobbyEntry => ({
  participantId: row.participant_id,
  userId: row.user_id,
  name: row.name,
  guest: row.guest,
  position: index + 1,
  askedAt: row.asked_at.toISOString(),
})
