import {
  may,
  wire,
  type AdmissionGrant,
  type IceServer,
  type Principal,
  type RoomJoined,
  type RoomSnapshot,
  type Seat,
} from '@parley/contracts'
import { newId, ProblemError } from '@parley/kit'
import type { Context } from '../context.ts'
import { OutdatedGrantError, type CommandResult } from '../room/batch.ts'
import type { Command } from '../room/decide.ts'
import type { LiveRoom } from '../room/live-room.ts'
import { snapshotFor, type RoomState } from '../room/state.ts'
import { avatarOf } from './avatar.ts'
import { LocalSession } from './local-session.ts'
import { issueResumeToken } from './resume-token.ts'
import type { Connection } from './session.ts'

export interface Entering {
  principal: Principal
  grant: AdmissionGrant
  device: { mic: boolean; cam: boolean }
  /** When the client asked, monotonic ms; without it, now. */
  askedAt?: number
}

const maxDecisions = 5

/**
 * Carries out a decision of meetings. Asks for it anew while the room knows a newer command than the decision does.
 */
export async function decideUntilCurrent<D, T>(
  decide: () => Promise<D>,
  carryOut: (decision: D) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await carryOut(await decide())
    } catch (error) {
      if (!(error instanceof OutdatedGrantError) || tries === maxDecisions) throw error
    }
  }
}

/**
 * Takes a seat for an admitted person; `release` is to be called once the answer has been sent: broadcasts wait for it.
 * @throws OutdatedGrantError, ProblemError
 */
export async function enterRoom(
  context: Context,
  connection: Connection,
  entering: Entering,
): Promise<{ joined: RoomJoined; release(): void }> {
  const { grant, principal } = entering
  const [room, avatar] = await Promise.all([context.rooms.open(grant.meeting.id), avatarOf(context.bus, grant)])
  const sessionId = newId()
  const resume = issueResumeToken(room.meetingId, grant.participantId, room.state.epoch)
  const local = new LocalSession({ participantId: grant.participantId, sessionId, userId: grant.userId })
  if (room.locals.has(grant.participantId)) throw new ProblemError('room-token-invalid', 'You are in the room already')
  const seat = seatOf(context, { ...entering, avatar }, { sessionId, resumeHash: resume.hash })
  const { seatsPerPerson } = context
  const command = { kind: 'join', seat, meeting: grant.meeting, seatsPerPerson } as const
  const { state } = await takeSeat(context, connection, {
    principal,
    room,
    local,
    command,
    ...(entering.askedAt !== undefined && { askedAt: entering.askedAt }),
  })
  if (may(grant.role, 'admit')) await context.rooms.lobbyOf(room).refresh()
  const sfu = await context.sfu.forJoining(room, local)
  const iceServers = giveIce(context, connection, { userId: principal.userId, participantId: grant.participantId })
  const joined = {
    ...snapshotOrThrow(context, room, local, state),
    iceServers,
    ...(sfu && { sfu: { ...sfu, iceServers } }),
    sessionId,
    resumeToken: resume.token,
    resumeWindowMs: wire.resumeWindowMs,
    graceMs: wire.graceMs,
  }
  return { joined, release: () => local.release(joined.v) }
}

export interface SeatTaking {
  principal: Principal
  room: LiveRoom
  local: LocalSession
  command: Extract<Command, { kind: 'join' | 'resume' }>
  /** When the client asked, monotonic ms; without it, now. */
  askedAt?: number
}

/** A client waits no longer for its answer, and may have come in elsewhere since. */
const enterWithinMs = 5_000

/**
 * The one way into a room, for joining and for resuming. The socket hears everything from before the commit on and is the
 * participant's from the commit on, never before; when the commit fails, all here is as it was. A commit without an answer may
 * have happened: then the room finds a seat without a socket, and gives it up like any lost one.
 */
export async function takeSeat(context: Context, connection: Connection, taking: SeatTaking): Promise<CommandResult> {
  const { local, room, command } = taking
  const { participantId } = local
  const before = room.locals.get(participantId)
  const entry = local.enter(connection.socket)
  room.locals.set(participantId, local)
  const giveUp = (error: unknown): never => {
    entry.abandon()
    if (room.locals.get(participantId) === local && before !== local) {
      if (before === undefined) room.locals.delete(participantId)
      else room.locals.set(participantId, before)
    }
    throw error
  }
  const { clock } = context
  const askedAt = taking.askedAt ?? clock.monotonic()
  // Nobody waits for it on a socket that is closed. This node may have stood still, and not know yet that it is.
  const isLate = () => connection.session.state === 'closed' || clock.monotonic() - askedAt > enterWithinMs
  const result = await room.submit(command, isLate).catch(giveUp)
  if (room.state.seats.get(participantId)?.sessionId !== local.sessionId) giveUp(goneProblem(room, command))
  if (!entry.take()) throw new ProblemError('wrong-state', 'Another socket has resumed this session')
  attachOrThrow(context, connection, taking)
  return result
}

/** Somebody whose seat was taken away in the very commit that gave it: they were removed, or the meeting has ended. */
const goneProblem = ({ state }: LiveRoom, { kind }: SeatTaking['command']): ProblemError =>
  state.ended
    ? new ProblemError('meeting-over')
    : new ProblemError(kind === 'join' ? 'room-token-invalid' : 'resume-failed', 'You are not in the room any more')

/** The socket becomes the participant's. @throws ProblemError if it was closed meanwhile: then the seat is a lost one */
function attachOrThrow(
  { log, node }: Context,
  connection: Connection,
  { principal, room, local }: Omit<SeatTaking, 'command'>,
): void {
  if (connection.session.state !== 'closed') {
    local.answers.adopt(connection.answers)
    connection.answers = local.answers
    connection.session = { state: 'joined', principal, room, local }
    return
  }
  local.detach()
  room
    .submit({ kind: 'socket-lost', by: local.participantId, sessionId: local.sessionId, node })
    .catch((err: unknown) => log.warn({ err }, 'a lost participant is left to the reaper'))
  throw new ProblemError('wrong-state', 'The socket is closed')
}

function seatOf(
  { node, life }: Context,
  { grant, device, avatar }: Entering & { avatar: { avatarFileId?: string } },
  session: { sessionId: string; resumeHash: string },
): Seat {
  const participant = {
    id: grant.participantId,
    userId: grant.userId,
    name: grant.name,
    role: grant.role,
    guest: grant.guest,
    mic: device.mic,
    cam: device.cam,
    screen: false,
    hand: null,
    connection: 'connected' as const,
    joinedAt: new Date(life.now()).toISOString(),
    ...avatar,
  }
  return { participant, node, lostAt: null, ...session, ...(grant.asOf !== undefined && { asOf: grant.asOf }) }
}

/** The servers for who is in the room; they are pushed again before the credentials run out. */
export function giveIce(
  { ice }: Context,
  connection: Connection,
  who: { userId: string; participantId: string },
): IceServer[] {
  const { iceServers, renewAt } = ice.grant(who)
  connection.renewIceAt = renewAt
  return iceServers
}

/** The room as this session sees it at `state`, with the lobby for those who see that. */
export function snapshotOrThrow(
  { rooms }: Context,
  room: LiveRoom,
  local: LocalSession,
  state: RoomState = room.state,
): RoomSnapshot {
  const self = state.seats.get(local.participantId)?.participant
  if (!self) throw new ProblemError('wrong-state', 'You are not in the room any more')
  const lobby = may(self.role, 'admit') ? rooms.lobbyOf(room).view : {}
  return { ...snapshotFor(state, self, room), ...lobby }
}
