import { meetingsBus, privacyBus, type RequestSubject } from '@parley/contracts'
import { respond, asProblem, type Bus, type BusSubscription } from '@parley/kit'
import type { Static, TSchema } from 'typebox'
import { chatAccess } from './access.ts'
import { now, type Context } from './context.ts'
import { deletedOf } from './deleted.ts'
import { endByHost } from './end.ts'
import { decideLobby } from './lobby/decide.ts'
import { settleWait } from './lobby/settle.ts'
import { lobbyState } from './lobby/state.ts'
import { removeUser } from './moderation/remove.ts'
import { giveRole } from './moderation/roles.ts'
import { readersOf } from './readers.ts'
import { eraseUser } from './privacy/erase.ts'
import { exportUser } from './privacy/export.ts'
import { redeem } from './redeem.ts'
import { timelineOf } from './timeline/read.ts'
import { keepNotes } from './timeline/store.ts'
import { renamed } from './renamed.ts'
import { readUserEvents } from './user-events/read.ts'
import { standing } from './webhooks/standing.ts'

const queue = 'meetings'

/** The requests of other services. */
export function answerBus(context: Context, bus: Bus): BusSubscription[] {
  const serve = <In extends TSchema, Out extends TSchema>(
    request: RequestSubject<In, Out>,
    handler: (context: Context, input: Static<In>) => Promise<Static<Out>>,
  ): BusSubscription =>
    respond(
      bus,
      request,
      queue,
      shown((input) => handler(context, input)),
      context.log,
    )
  return [
    serve(meetingsBus.redeem, redeem),
    serve(meetingsBus.access, chatAccess),
    serve(meetingsBus.readers, readersOf),
    serve(meetingsBus.userEvents, readUserEvents),
    serve(meetingsBus.lobby, lobbyState),
    serve(meetingsBus.decideLobby, decide),
    serve(meetingsBus.leaveLobby, leaveLobby),
    serve(meetingsBus.remove, remove),
    serve(meetingsBus.setRole, setRole),
    serve(meetingsBus.deleted, deletedOf),
    serve(meetingsBus.end, end),
    serve(meetingsBus.noteTimeline, noteTimeline),
    serve(meetingsBus.timeline, ({ db }, { meeting }) => timelineOf(db, meeting)),
    serve(meetingsBus.rename, renamed),
    serve(meetingsBus.standing, standing),
    serve(privacyBus.eraseInMeetings, eraseUser),
    serve(privacyBus.exportFromMeetings, exportUser),
  ]
}

type Requests = typeof meetingsBus
type Input<K extends keyof Requests> = Requests[K] extends { input: infer In extends TSchema } ? Static<In> : never

async function noteTimeline({ db }: Context, { notes }: Input<'noteTimeline'>): Promise<Record<string, never>> {
  await keepNotes(db, notes)
  return {}
}

async function leaveLobby(
  context: Context,
  { meetingId, participantId }: Input<'leaveLobby'>,
): Promise<Record<string, never>> {
  const left = { status: 'left', decided_by: null, decided_at: now(context) } as const
  await settleWait(context, meetingId, { participantId }, left)
  return {}
}

async function decide(context: Context, decision: Input<'decideLobby'>): Promise<{ count: number }> {
  const { count } = await decideLobby(context, decision)
  return { count }
}

async function remove(context: Context, removal: Input<'remove'>): Promise<Record<string, never>> {
  await removeUser(context, removal)
  return {}
}

async function setRole(context: Context, change: Input<'setRole'>): Promise<Record<string, never>> {
  await giveRole(context, change)
  return {}
}

async function end(context: Context, { meetingId, userId }: Input<'end'>): Promise<Record<string, never>> {
  await endByHost(context, meetingId, userId)
  return {}
}

/** A database that is away is `unavailable` to who asks, and not a fault of ours. */
const shown =
  <In, Out>(handler: (input: In) => Promise<Out>) =>
  async (input: In): Promise<Out> => {
    try {
      return await handler(input)
    } catch (error) {
      throw asProblem(error) ?? error
    }
  }
