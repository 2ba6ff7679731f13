import type { Instance } from '@parley/kit'
import { rank } from './rendezvous.ts'

/** Which nodes to try for a socket, and in which order. */
export interface Nodes {
  /** By the rendezvous hash of the meeting; those that failed lately come last. */
  inOrder(meeting: string | null): Instance[]
  /** Puts a node last for some seconds: the directory notices a dead one only after its lease. */
  failed(node: Instance): void
  failedLately(node: Instance): boolean
  /** As `failed`; whoever waits for its answer need not wait on. */
  abandoned(node: Instance): void
  /** Calls `act` when the node is abandoned; returns what takes that back. */
  onAbandoned(node: Instance, act: () => void): () => void
}

const lastForMs = 5_000

/** `list` gives the nodes that are listed at the moment. */
export function createNodes(list: () => readonly Instance[]): Nodes {
  const failedUntil = new Map<string, number>()
  const waiting = new Map<string, Set<() => void>>()
  const failedLately = ({ id }: Instance): boolean => (failedUntil.get(id) ?? 0) > performance.now()
  function failed({ id }: Instance): void {
    const now = performance.now()
    for (const [other, until] of failedUntil) if (until <= now) failedUntil.delete(other)
    failedUntil.set(id, now + lastForMs)
  }
  return {
    inOrder(meeting) {
      const ranked = rank(meeting, list())
      return [...ranked.filter((node) => !failedLately(node)), ...ranked.filter(failedLately)]
    },
    failedLately,
    failed,
    abandoned(node) {
      failed(node)
      for (const act of waiting.get(node.id) ?? []) act()
    },
    onAbandoned({ id }, act) {
      const acts = waiting.get(id) ?? new Set()
      waiting.set(id, acts.add(act))
      return () => {
        acts.delete(act)
        if (acts.size === 0 && waiting.get(id) === acts) waiting.delete(id)
      }
    },
  }
}
