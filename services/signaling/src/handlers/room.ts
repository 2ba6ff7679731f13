import { hash } from 'node:crypto'
import { meetingsBus, type AdmissionGrant } from '@parley/contracts'
import { request, isProblem, newId } from '@parley/kit'
import type { Static } from 'typebox'
import type { Context } from '../node/context.ts'
import { followLobby } from '../lobby/follow.ts'
import { wait } from '../lobby/wait.ts'
import { messageFrame } from '../room/frames.ts'
import type { LiveRoom } from '../room/live-room.ts'
import { decideUntilCurrent, enterRoom, snapshotOrThrow } from '../session/enter.ts'
import type { LocalSession } from '../session/local-session.ts'
import type { Connection } from '../session/session.ts'
import type { Handler } from './call.ts'
import { changesSince } from './resume.ts'

export const join: Handler<'room.join'> = ({ context, connection, session, payload, request: asked }) => {
  const { roomToken, device, features } = payload
  const { principal } = session
  const attempt = attemptOf(connection, { asked, roomToken })
  const askedAt = context.clock.monotonic()
  const request = { roomToken, userId: principal.userId, attempt, requestId: connection.id }
  return decideUntilCurrent(
    () => redeem(context, request),
    async (grant) => {
      if (grant.admission === 'wait') {
        const room = await context.rooms.open(grant.meeting.id)
        const { participantId, meeting } = grant
        const options = { principal, room, participantId, sessionId: attempt, device, meetingVersion: meeting.version }
        const payload = await wait(context, connection, options)
        return { type: 'lobby.waiting', payload, after: () => void (connection.joinedWith = roomToken) }
      }
      const { joined, release } = await enterRoom(context, connection, {
        principal,
        grant,
        device,
        askedAt,
        sessionId: attempt,
      })
      return {
        type: 'room.joined',
        payload: joined,
        after() {
          connection.joinedWith = roomToken
          release()
          if (connection.session.state === 'joined')
            followLobby(context, connection.session.room, connection.session.local, features)
        },
      }
    },
  )
}

/**
 * One request of one client is one attempt, on whatever node: one that was under way when its node went is made again on another, where
 * the token is spent, and the seat may be taken, by this very attempt. Without a request id its room token names it, until that has let
 * somebody in. It is the id of the session, too.
 */
function attemptOf(
  { client, joinedWith }: Connection,
  { asked, roomToken }: { asked: string | undefined; roomToken: string },
): string {
  if (asked === undefined && joinedWith === roomToken) return newId()
  const digits = hash('sha256', `${client} ${asked ?? roomToken}`)
  // A UUIDv7 of the client's time.
  return `${client.slice(0, 15)}${digits.slice(0, 3)}-8${digits.slice(3, 6)}-${digits.slice(6, 18)}`
}

type Redemption = Static<typeof meetingsBus.redeem.input>

/** An answer that was lost is asked for again: the token may be spent by then, for this attempt. */
async function redeem({ bus, log }: Context, redemption: Redemption): Promise<AdmissionGrant> {
  try {
    return await request(bus, meetingsBus.redeem, redemption)
  } catch (err) {
    if (!isProblem(err, 'deadline-exceeded') && !isProblem(err, 'unavailable')) throw err
    log.info({ err }, 'a room token got no answer, asking again')
    return request(bus, meetingsBus.redeem, redemption)
  }
}

export const sync: Handler<'room.sync'> = async ({ context, session: { room, local }, payload }) => {
  const { change } = await changesSince(context, room, local, { v: payload.v, epoch: room.state.epoch })
  return 'delta' in change
    ? { type: 'room.delta', payload: change.delta }
    : { type: 'room.snapshot', payload: change.snapshot }
}

export const leave: Handler<'room.leave'> = async ({ context, connection, session }) => {
  const { principal, room } = session
  if (session.state === 'waiting') {
    context.rooms.lobbyOf(room).remove(session.participantId)
    await request(context.bus, meetingsBus.leaveLobby, {
      meetingId: room.meetingId,
      participantId: session.participantId,
    })
  } else await leaveSeat(context, room, session.local)
  if (connection.session.state !== 'closed') connection.session = { state: 'authenticated', principal }
  return { type: 'room.left', payload: {} }
}

/**
 * Out of the room's sockets first, so that the leave is told to the others only. A participant who has to stay after all sees the changes
 * missed meanwhile. A session that went on elsewhere does not.
 */
async function leaveSeat(context: Context, room: LiveRoom, local: LocalSession): Promise<void> {
  const { participantId } = local
  room.locals.delete(participantId)
  try {
    await room.submit({ kind: 'leave', by: participantId })
    context.ice.release(local)
  } catch (error) {
    if (!room.locals.has(participantId)) stay(context, room, local)
    throw error
  }
}

/** Without a seat the socket is closed with the next tick, as that of anybody whose session is over. */
function stay(context: Context, room: LiveRoom, local: LocalSession): void {
  room.locals.set(local.participantId, local)
  if (!room.state.seats.has(local.participantId)) return
  const snapshot = snapshotOrThrow(context, room, local)
  local.deliver(messageFrame({ type: 'room.snapshot', payload: snapshot }), snapshot.v)
}

export const endMeeting: Handler<'meeting.end'> = async ({ context, session: { principal, room } }) => {
  // Meetings writes it down first and then ends every room of it, this one included.
  await request(context.bus, meetingsBus.end, { meetingId: room.meetingId, userId: principal.userId })
  return { type: 'ack', payload: {} }
}
