import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerMessage } from '@parley/contracts'
import type { Instance } from '@parley/kit'
import { messageFrame } from './frames.ts'
import type { Pipe } from './pipe.ts'

export interface DrainOptions {
  /** From now until every pipe should have ended. */
  deadlineMs: number
  /** Whether there is another gateway to go to; without one nobody can be moved, and waiting helps nobody. */
  elsewhere: boolean
}

/** The pipes of this gateway, by node; and how they are moved away. */
export interface Pipes {
  add(pipe: Pipe): void
  /** The nodes that have pipes. */
  nodes(): Instance[]
  /** Ends the pipes to a node that is dead; returns how many. */
  abandon(nodeId: string): number
  /** Bytes held for all of them. */
  buffered(): number
  /**
   * Tells every client to come back elsewhere, spread over time; who has not gone when it gets late, or has nowhere to go,
   * gets a close frame 1012. Resolves when none is left, or at the deadline.
   */
  drain(options: DrainOptions): Promise<void>
}

const maxSpreadMs = 10_000
/** Over how long clients are spread that have to come back elsewhere before `deadlineMs` are over. */
export const spreadMs = (deadlineMs: number): number => Math.ceil(Math.min(maxSpreadMs, deadlineMs / 2))
const maxFarewellMs = 2_500
const pollMs = 50

export function createPipes(): Pipes {
  const byNode = new Map<string, Set<Pipe>>()
  let welcome: (pipe: Pipe) => void = () => {}

  const all = function* (): Generator<Pipe> {
    for (const pipes of byNode.values()) yield* pipes
  }
  const untilNone = async (until: number): Promise<void> => {
    while (byNode.size > 0 && performance.now() < until) await sleep(pollMs)
  }
  /** Does it to every pipe, and to those that come later. */
  const toEach = (act: (pipe: Pipe) => void): void => {
    welcome = act
    for (const pipe of all()) act(pipe)
  }
  function remove(pipe: Pipe): void {
    const pipes = byNode.get(pipe.node.id)
    pipes?.delete(pipe)
    if (pipes?.size === 0) byNode.delete(pipe.node.id)
  }
  return {
    add(pipe) {
      const pipes = byNode.get(pipe.node.id) ?? new Set()
      byNode.set(pipe.node.id, pipes.add(pipe))
      void pipe.ended.then(() => remove(pipe))
      welcome(pipe)
    },
    nodes: () => [...byNode.values()].flatMap(([first]) => first?.node ?? []),
    abandon(nodeId) {
      const pipes = [...(byNode.get(nodeId) ?? [])]
      for (const pipe of pipes) pipe.abandon()
      return pipes.length
    },
    buffered: () => [...all()].reduce((sum, { buffered }) => sum + buffered, 0),
    async drain({ deadlineMs, elsewhere }) {
      const until = performance.now() + deadlineMs
      if (elsewhere) {
        toEach((pipe) => pipe.tell(drainingFrame(randomInt(spreadMs(deadlineMs) + 1))))
        await untilNone(until - Math.min(maxFarewellMs, deadlineMs / 4))
      }
      toEach((pipe) => pipe.close('serverGoingAway'))
      await untilNone(until)
    },
  }
}

const drainingFrame = (reconnectAfterMs: number): Buffer =>
  messageFrame(JSON.stringify({ type: 'server.draining', payload: { reconnectAfterMs } } satisfies ServerMessage))
