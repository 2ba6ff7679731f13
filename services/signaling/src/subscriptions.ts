import { signalingBus, type Relay } from '@parley/contracts'
import { respond, at, isLate, ProblemError, type BusSubscription } from '@parley/kit'
import type { Context } from './context.ts'
import { rosterOf, shownIn } from './room/apply.ts'
import { textFrame } from './room/frames.ts'
import type { LiveRoom } from './room/live-room.ts'

/** The requests of other nodes and services that this node answers. */
export const subscribeToBus = (context: Context): BusSubscription[] => {
  const { bus, journal, log, node, rooms } = context
  return [
    respond(
      bus,
      signalingBus.command,
      'signaling',
      async ({ meetingId, command }, call) => {
        const room = await rooms.open(meetingId)
        await room.submit(command, () => isLate(call))
        return {}
      },
      log,
    ),
    respond(
      bus,
      signalingBus.recording,
      'signaling',
      async ({ meetingId, ...change }, call) => {
        const room = await rooms.open(meetingId)
        if (room.state.recording?.rev !== change.rev) journal.recorded(meetingId, change.recording.status)
        await room.submit({ kind: 'recording', ...change }, () => isLate(call))
        return {}
      },
      log,
    ),
    respond(
      bus,
      signalingBus.roster,
      'signaling',
      async ({ meetingId }) => {
        const room = await rooms.open(meetingId)
        const { state } = await room.submit({ kind: 'confirm' })
        return { people: rosterOf(state) }
      },
      log,
    ),
    respond(
      bus,
      signalingBus.shown,
      'signaling',
      async ({ meetingId }) => {
        const room = await rooms.open(meetingId)
        const { state } = await room.submit({ kind: 'confirm' })
        return shownIn(state)
      },
      log,
    ),
    respond(
      bus,
      at(signalingBus.takeOver, { node }),
      node,
      async ({ meetingId, participantId, sessionId, received }) => {
        const room = rooms.peek(meetingId)
        const local = room?.locals.get(participantId)
        if (!room || !local || local.sessionId !== sessionId) return { signals: [], lost: false, seq: received ?? 0 }
        if (await isStillHere(room, participantId, node))
          throw new ProblemError('wrong-state', 'The session has come back to this node since')
        room.locals.delete(participantId)
        const handed = local.handOver(received)
        local.close('resumedElsewhere')
        return { ...handed, answers: await local.answers.handOver() }
      },
      log,
    ),
  ]
}

/** Whether a session is on this node by the newest state. Another node that asks for it may have stood still since it had it. */
async function isStillHere(room: LiveRoom, participantId: string, node: string): Promise<boolean> {
  const isHere = (): boolean => room.state.seats.get(participantId)?.node === node
  if (!isHere()) return false
  await room.submit({ kind: 'confirm' })
  return isHere()
}

/** Hands a message to the session here; one that has just moved on gets it where it is now. */
export function deliver({ bytes, node, relays, rooms, clock, journal }: Context, relayed: Relay): void {
  const { meetingId, to, message } = relayed
  const room = rooms.peek(meetingId)
  const local = room?.locals.get(to)
  if (local) {
    const signal = message.type === 'rtc.signal' ? (message.payload as { from: string; data: unknown }) : undefined
    if (signal && relayed.sentAt !== undefined) journal.relayed(clock.now() - relayed.sentAt)
    if (signal && relayed.forwarded && local.isOvertaken(signal.from, relayed.sentAt ?? 0)) return
    const { request, sentAt } = relayed
    const [frame, now] = [textFrame(JSON.stringify(message)), clock.monotonic()]
    // It cannot be refused any more: it is lost, and the receiver is told so with the next resume.
    if (signal && !bytes.reaches(local, signal.from, frame.length, now)) return local.missSignals()
    return local.direct(frame, signal && { ...signal, sentAt, request, now })
  }
  const owner = room?.state.seats.get(to)?.node
  if (owner === undefined || owner === node || relayed.forwarded) return
  relays.pass(owner, { ...relayed, forwarded: true })
}

/**
 * Signals from `sender` are lost for good: whoever may have been their receiver is told with the next resume. A peer connection
 * that waits for them mends itself by then.
 */
export function markLost({ rooms }: Context, sender: string): void {
  for (const room of rooms.rooms()) {
    const fromThere = [...room.state.seats.values()].some(({ node }) => node === sender)
    if (fromThere) for (const local of room.locals.values()) local.missSignals()
  }
}
