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
