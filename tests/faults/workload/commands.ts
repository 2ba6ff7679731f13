import { setTimeout as sleep } from 'node:timers/promises'
import { pick, type Random } from '../random.ts'
import type { Chair } from './chair.ts'
import type { Crowd, Meeting } from './crowd.ts'

export interface Commands {
  /** Resolves when every command that was begun has its answer. */
  stop(): Promise<void>
}

export interface CommandsOptions {
  crowd: Crowd
  chair: Chair
  random: Random
}

/** The host renames meetings and gives roles, `perSecond` in all of them; in each meeting one after the other. */
export function startCommands({ crowd, chair, random }: CommandsOptions, perSecond: number): Commands {
  const stopping = new AbortController()
  const underWay = new Map<Meeting, Promise<unknown>>()
  let given = 0
  const give = async (meeting: Meeting): Promise<unknown> => {
    given += 1
    const attendee = pick(
      random,
      meeting.attendees.filter(({ status }) => status === 'joined'),
    )
    if (attendee === undefined || random() < 0.5) return chair.change(meeting, { title: `Title ${given}` })
    return chair.setRole(meeting, attendee, random() < 0.5 ? 'cohost' : 'participant')
  }
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await sleep(1_000 / perSecond, undefined, { signal: stopping.signal }).catch(() => undefined)
      const meeting = pick(
        random,
        crowd.meetings.filter((one) => !underWay.has(one)),
      )
      if (stopping.signal.aborted || meeting === undefined) continue
      underWay.set(
        meeting,
        give(meeting).finally(() => underWay.delete(meeting)),
      )
    }
  }
  const running = perSecond > 0 ? run() : Promise.resolve()
  return {
    async stop() {
      stopping.abort()
      await running
      await Promise.all(underWay.values())
    },
  }
}
