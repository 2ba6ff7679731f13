import {
  may,
  wire,
  type Grant,
  type IceServer,
  type Principal,
  type RoomJoined,
  type RoomSnapshot,
  type Seat,
} from '@parley/contracts'
import { newId, ProblemError } from '@parley/kit'
import type { Context } from '../context.ts'
import type { LiveRoom } from '../room/live-room.ts'
import { snapshotFor, type RoomState } from '../room/state.ts'
import { LocalSession } from './local-session.ts'
import { issueResumeToken } from './resume-token.ts'
import type { Connection } from './session.ts'

export interface Entering {
  principal: Principal
  grant: Grant
  device: { mic: boolean; cam: boolean }
}

/** Takes a seat for an admitted person; `release` is to be called once the answer has been sent: broadcasts wait for it. */
export async function enterRoom(
  context: Context,
  connection: Connection,
  entering: Entering,
): Promise<{ joined: RoomJoined; release(): void }> {
  const { grant, principal } = entering
  const room = await context.rooms.open(grant.meeting.id)
  const sessionId = newId()
  const resume = issueResumeToken(room.meetingId, grant.participantId, room.state.epoch)
  const local = new LocalSession(
    { participantId: grant.participantId, sessionId, userId: grant.userId },
    connection.socket,
  )
  if (room.locals.has(grant.participantId)) throw new ProblemError('room-token-invalid', 'You are in the room already')
  room.locals.set(grant.participantId, local)
  try {
    const { state } = await room.submit({
      kind: 'join',
      seat: seatOf(context, entering, { sessionId, resumeHash: resume.hash }),
      meeting: grant.meeting,
    })
    if (may(grant.role, 'admit')) await context.rooms.lobbyOf(room).refresh()
    if (!attach(context, connection, { principal, room, local }))
      throw new ProblemError('wrong-state', 'The socket is closed')
    const joined = {
      ...snapshotOrThrow(context, room, local, state),
      iceServers: giveIce(context, connection, principal.userId),
      sessionId,
      resumeToken: resume.token,
      resumeWindowMs: wire.resumeWindowMs,
      graceMs: wire.graceMs,
    }
    return { joined, release: () => local.release(joined.v) }
  } catch (error) {
    room.locals.delete(grant.participantId)
    throw error
  }
}

function seatOf(
  { clock, node }: Context,
  { grant, device }: Entering,
  session: { sessionId: string; resumeHash: string },
): Seat {
  const { audio, video } = grant.meeting.settings
  const participant = {
    id: grant.participantId,
    userId: grant.userId,
    name: grant.name,
    role: grant.role,
    guest: grant.guest,
    mic: device.mic && audio,
    cam: device.cam && video,
    screen: false,
    hand: null,
    connection: 'connected' as const,
    joinedAt: new Date(clock.now()).toISOString(),
  }
  return { participant, node, lostAt: null, ...session }
}

/** The socket becomes the participant's; false if it was closed meanwhile: then the seat is given up like any lost one. */
export function attach(
  { node, log }: Context,
  connection: Connection,
  { principal, room, local }: { principal: Principal; room: LiveRoom; local: LocalSession },
): boolean {
  if (connection.session.state !== 'closed') {
    connection.session = { state: 'joined', principal, room, local }
    return true
  }
  local.detach()
  room
    .submit({ kind: 'socket-lost', by: local.participantId, sessionId: local.sessionId, node })
    .catch((err: unknown) => log.warn({ err }, 'a lost participant is left to the reaper'))
  return false
}

/** The servers for who is in the room; they are pushed again before the credentials run out. */
export function giveIce({ ice }: Context, connection: Connection, userId: string): IceServer[] {
  const { iceServers, renewAt } = ice.grant(userId)
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
