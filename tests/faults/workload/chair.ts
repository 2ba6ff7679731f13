import { setTimeout as sleep } from 'node:timers/promises'
import { rest } from '../../support/people.ts'
import { now, type Farewell, type MeetingSeen, type Order } from '../history/history.ts'
import type { Recorder } from '../history/recorder.ts'
import type { Attendee } from './attendee.ts'
import type { Crowd, Meeting } from './crowd.ts'

/** The host of all meetings, over REST. Every command is recorded with what became of it. */
export interface Chair {
  /** Sends somebody out; with `ban` for good. */
  remove(meeting: Meeting, attendee: Attendee, how?: { ban: boolean }): Promise<boolean>
  end(meeting: Meeting): Promise<boolean>
  /** The same on the socket of somebody who is in it as its host. */
  endFromInside(meeting: Meeting, host: Attendee): Promise<boolean>
  setRole(meeting: Meeting, attendee: Attendee, role: 'cohost' | 'participant'): Promise<boolean>
  /** The same on the socket of the host; the one concerned is a guest. */
  setRoleFromInside(
    meeting: Meeting,
    host: Attendee,
    change: { attendee: Attendee; role: 'cohost' | 'participant' },
  ): Promise<boolean>
  change(meeting: Meeting, change: Partial<MeetingSeen>): Promise<boolean>
}

interface Call {
  method: string
  path: string
  body?: unknown
}

const tries = 40
const pauseMs = 250

/**
 * Each resolves to whether it was acknowledged. A request that was refused for now, or not answered, is made again: 40 times.
 */
export function chairOf({ host }: Crowd, recorder: Recorder, url: string): Chair {
  async function give(
    { id }: Meeting,
    call: Call,
    orderOf: (body: Record<string, unknown>) => Order,
  ): Promise<boolean> {
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      const at = now()
      const token = await host.accessToken()
      const { method, path, ...body } = call
      const answer = await rest(method, `${url}/v1/meetings/${id}${path}`, { token, ...body }).catch(() => null)
      const is = outcomeOf(answer?.status ?? 0)
      recorder.commands.push({ room: id, order: orderOf(answer?.body ?? {}), at, outcome: { is, at: now() } })
      if (is !== 'unknown') return is === 'acknowledged'
      await sleep(pauseMs)
    }
    return false
  }
  const sentence = (people: readonly Attendee[], type: Farewell['type']): void => {
    const at = now()
    recorder.sentences.push(...people.map(({ name }) => ({ client: name, at, type })))
  }
  return {
    async remove(meeting, attendee, { ban } = { ban: false }) {
      const { userId, participantId } = attendee
      const order: Order = ban ? { kind: 'ban', userId } : { kind: 'remove', userId, participantIds: [participantId] }
      const done = await give(meeting, { method: 'POST', path: '/kick', body: { userId, ban } }, () => order)
      if (done) sentence([attendee], 'room.kicked')
      return done
    },
    async end(meeting) {
      const people = insideOf(meeting)
      const done = await give(meeting, { method: 'POST', path: '/end', body: {} }, () => ({ kind: 'end' }))
      if (done) sentence(people, 'room.ended')
      return done
    },
    async endFromInside(meeting, host) {
      const people = insideOf(meeting)
      for (let attempt = 1; attempt <= tries; attempt += 1) {
        const at = now()
        const answer = await host.sockets.ask('meeting.end', {})
        // The host may hear of the end before the answer to their own request.
        const isDone = answer?.type === 'ack' || !isInside(host)
        const is = isDone ? 'acknowledged' : 'unknown'
        recorder.commands.push({ room: meeting.id, order: { kind: 'end' }, at, outcome: { is, at: now() } })
        if (isDone) {
          sentence(people, 'room.ended')
          return true
        }
        await sleep(pauseMs)
      }
      return false
    },
    setRole: (meeting, { userId }, role) =>
      give(meeting, { method: 'PUT', path: `/participants/${userId}/role`, body: { role } }, (body) => ({
        kind: 'role',
        userId,
        // A guest becomes a guest again.
        role: typeof body['role'] === 'string' ? body['role'] : role,
      })),
    async setRoleFromInside({ id }, host, { attendee: { userId, participantId }, role }) {
      const order: Order = { kind: 'role', userId, role: role === 'participant' ? 'guest' : role }
      for (let attempt = 1; attempt <= tries; attempt += 1) {
        const at = now()
        const answer = await host.sockets.ask('moderation.role', { participantId, role })
        const is = answer?.type === 'ack' ? 'acknowledged' : 'unknown'
        recorder.commands.push({ room: id, order, at, outcome: { is, at: now() } })
        if (is === 'acknowledged') return true
        await sleep(pauseMs)
      }
      return false
    },
    change: (meeting, change) =>
      give(meeting, { method: 'PATCH', path: '', body: change }, () => ({ kind: 'settings', change })),
  }
}

const isInside = ({ status }: Attendee): boolean => status === 'joined' || status === 'reconnecting'
const insideOf = ({ attendees }: Meeting): Attendee[] => attendees.filter(isInside)

/** 5xx and none may have been carried out. */
function outcomeOf(status: number): 'acknowledged' | 'refused' | 'unknown' {
  if (status >= 200 && status < 300) return 'acknowledged'
  return status >= 400 && status < 500 && status !== 429 ? 'refused' : 'unknown'
}
