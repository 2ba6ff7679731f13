import { meetingsBus, type Meeting } from '@parley/contracts'
import { respond, createLogger, ProblemError, publish, type Bus } from '@parley/kit'

const log = createLogger({ service: 'test', level: 'silent' })

/** The meetings service's answers to event streams: who may read, the meeting as it is, and the events of accounts. */
export function standInForEvents(bus: Bus) {
  const meetings = new Map<string, Meeting>()
  const denied = new Set<string>()
  const boxes = new Map<string, { id: string; type: string; data: unknown }[]>()
  const meetingOrThrow = (meetingId: string) => {
    const meeting = meetings.get(meetingId)
    if (!meeting) throw new ProblemError('not-found')
    return meeting
  }
  respond(
    bus,
    meetingsBus.access,
    'meetings',
    async ({ meetingId, userId }) => {
      meetingOrThrow(meetingId)
      if (denied.has(userId)) throw new ProblemError('not-found')
      return { role: 'participant' as const, name: 'Somebody', mayChat: true, over: false }
    },
    log,
  )
  respond(
    bus,
    meetingsBus.readers,
    'meetings',
    async ({ meetingId, userIds }) => ({
      meeting: meetingOrThrow(meetingId),
      readers: userIds.filter((userId) => !denied.has(userId)),
    }),
    log,
  )
  respond(
    bus,
    meetingsBus.userEvents,
    'meetings',
    async ({ userId, after, limit }) => {
      const box = boxes.get(userId) ?? []
      const head = String(box.length)
      const complete = after === null || Number(after) <= box.length
      const events = after === null || !complete ? [] : box.slice(Number(after), Number(after) + limit)
      return { events, head, complete, boxes: [userId] }
    },
    log,
  )
  return {
    meetings,
    denied,
    /** Something happens to an account; without `hint` nobody is told. */
    happen(userId: string, type: string, data: unknown, hint = true): void {
      const box = boxes.get(userId) ?? []
      boxes.set(userId, box)
      box.push({ id: String(box.length + 1), type, data })
      if (hint) publish(bus, meetingsBus.news, { box: userId }, {})
    },
  }
}
