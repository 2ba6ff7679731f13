import {
  signalingBus,
  type Attendance,
  type LiveState,
  type ParticipantEntry,
  type ShownParticipant,
} from '@parley/contracts'
import { request, isProblem } from '@parley/kit'
import type { Context } from './context.ts'

/**
 * Adds what the room shows of those who are in it. The room is asked once, and only if somebody of the list is there. A room that
 * cannot be asked leaves all of them without, for the list itself is durable.
 */
export async function withLiveState(
  context: Context,
  meetingId: string,
  stays: readonly Attendance[],
): Promise<ParticipantEntry[]> {
  const present = stays.some(({ leftAt }) => leftAt === null)
  const shown = present ? await shownIn(context, meetingId) : new Map<string, ShownParticipant>()
  return stays.map((stay) => {
    const participant = stay.leftAt === null ? shown.get(stay.id) : undefined
    return { ...stay, live: participant === undefined ? null : stateOf(participant) }
  })
}

const stateOf = ({ mic, cam, screen, hand = null, connection = 'connected' }: ShownParticipant): LiveState => ({
  mic,
  cam,
  screen,
  hand,
  connection,
})

/** By participant; nobody when the room cannot be asked. */
async function shownIn({ bus, log }: Context, meetingId: string): Promise<ReadonlyMap<string, ShownParticipant>> {
  try {
    const { people } = await request(bus, signalingBus.shown, { meetingId })
    return new Map(people.map((participant) => [participant.participantId, participant]))
  } catch (err) {
    if (!isProblem(err, 'unavailable') && !isProblem(err, 'deadline-exceeded')) throw err
    log.info({ err, meetingId }, 'a list of participants is answered without what the room shows of them')
    return new Map()
  }
}
