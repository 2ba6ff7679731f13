import type { Instance } from '@parley/kit'
import type { Pipe } from './pipe.ts'

/** The pipes of this gateway, by node. */
export interface Pipes {
  add(pipe: Pipe): void
  /** The nodes that have pipes. */
  nodes(): Instance[]
  /** Ends the pipes to a node that is dead; returns how many. */
  abandon(nodeId: string): number
}

export function createPipes(): Pipes {
  const byNode = new Map<string, Set<Pipe>>()

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
    },
    nodes: () => [...byNode.values()].flatMap(([first]) => first?.node ?? []),
    abandon(nodeId) {
      const pipes = [...(byNode.get(nodeId) ?? [])]
      for (const pipe of pipes) pipe.abandon()
      return pipes.length
    },
  }
}
