import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CloseReason, ServerMessage } from '@parley/contracts'
import { messageFrame } from './frames.ts'

export interface DrainOptions {
  /** From now until every client should have gone. */
  deadlineMs: number
  /** Whether there is another gateway to go to; without one nobody can be moved, and waiting helps nobody. */
  elsewhere: boolean
}

/** A client's WebSocket here, whichever way it leads to its node. */
export interface Leaver {
  readonly ended: Promise<void>
  /** Bytes that the gateway holds for it at this moment. */
  readonly buffered: number
  /** Puts a text frame between two messages of the node. */
  tell(frame: Buffer): void
  close(reason: CloseReason): void
}

/** The clients of this gateway, and how they are moved to another one. */
export interface Farewells {
  add(leaver: Leaver): void
  /** Bytes held for all of them. */
  buffered(): number
  /**
   * Tells every client to come back elsewhere, spread over time; who has not gone when it gets late, or has nowhere to go,
   * gets a close frame 1012. Resolves when none is left, or at the deadline.
   */
  drain(options: DrainOptions): Promise<void>
  /** Ends a drain that is under way: those who are still there stay. */
  undrain(): void
}

const maxSpreadMs = 10_000
/** Over how long clients are spread that have to come back elsewhere before `deadlineMs` are over. */
export const spreadMs = (deadlineMs: number): number => Math.ceil(Math.min(maxSpreadMs, deadlineMs / 2))
const maxFarewellMs = 2_500
const pollMs = 50

export function createFarewells(): Farewells {
  const all = new Set<Leaver>()
  const nothing = (): void => {}
  let welcome: (leaver: Leaver) => void = nothing
  /** Counts the drains and their ends: one that was taken back does nothing more. */
  let turn = 0

  /** False: the drain was taken back meanwhile. */
  const untilNone = async (until: number): Promise<boolean> => {
    const mine = turn
    while (all.size > 0 && performance.now() < until && mine === turn) await sleep(pollMs)
    return mine === turn
  }
  /** Does it to every client, and to those that come later. */
  const toEach = (act: (leaver: Leaver) => void): void => {
    welcome = act
    for (const leaver of all) act(leaver)
  }
  return {
    add(leaver) {
      all.add(leaver)
      void leaver.ended.then(() => all.delete(leaver))
      welcome(leaver)
    },
    buffered: () => [...all].reduce((sum, { buffered }) => sum + buffered, 0),
    async drain({ deadlineMs, elsewhere }) {
      turn += 1
      const until = performance.now() + deadlineMs
      if (elsewhere) {
        toEach((leaver) => leaver.tell(drainingFrame(randomInt(spreadMs(deadlineMs) + 1))))
        if (!(await untilNone(until - Math.min(maxFarewellMs, deadlineMs / 4)))) return
      }
      toEach((leaver) => leaver.close('serverGoingAway'))
      await untilNone(until)
    },
    undrain() {
      turn += 1
      welcome = nothing
    },
  }
}

const drainingFrame = (reconnectAfterMs: number): Buffer =>
  messageFrame(JSON.stringify({ type: 'server.draining', payload: { reconnectAfterMs } } satisfies ServerMessage))
