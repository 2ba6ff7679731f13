import type { Edit } from './hooks.ts'

/** The code with one mend taken out: the explorer has to find the fault again. */
export interface Mutant {
  /** Of the fault, as in the tests that carry its id. */
  id: string
  /** The mend that is taken out. */
  without: string
  edits: readonly Edit[]
  /** The actions it needs to show, so that it is found soon. */
  focus?: readonly string[]
}

export const room = 'services/signaling/src/room'
export const model = 'services/signaling/src/testing/explorer'

export const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace })

/** A participant who is gone counts as removed. */
export const toldRemoved = [
  edit(`${room}/room-sessions.ts`, "if (departure?.reason !== 'kicked')", "if (departure?.reason === 'timeout')"),
  edit(`${room}/room-sessions.ts`, 'removalOf(next, departure)', 'removalOf(next, departure ?? {})'),
]

/** Quiet rooms are not compared with the store in time. The comparison would show the difference after 20 s. */
export const neverCompared = edit(
  `${room}/live-room.ts`,
  'const renewEveryMs = 20_000',
  'const renewEveryMs = 6 * 3_600_000',
)

/** Meetings asks no room that a node has. To be asked, too, makes a node look again. */
export const neverAsked = edit(`${model}/meetings.ts`, 'await this.#compareWithRoom(false)', '{}')

/** Both: nobody looks at a room that a node has and that is quiet. */
export const neverLookedAt = [neverAsked, neverCompared]
