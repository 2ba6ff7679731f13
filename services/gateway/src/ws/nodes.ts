import type { Instance } from '@parley/kit'
import { rank } from './rendezvous.ts'

/** Which nodes to try for a socket, and in which order. */
export interface Nodes {
  /** By the rendezvous hash of the meeting; those that failed lately come last. */
  inOrder(meeting: string | null): Instance[]
  /** Puts a node last for some seconds: the directory notices a dead one only after its lease. */
  failed(node: Instance): void
}

const lastForMs = 5_000

/** `list` gives the nodes that are listed at the moment. */
export function createNodes(list: () => readonly Instance[]): Nodes {
  const failedUntil = new Map<string, number>()
  const failedLately = ({ id }: Instance): boolean => (failedUntil.get(id) ?? 0) > performance.now()
  return {
    inOrder(meeting) {
      const ranked = rank(meeting, list())
      return [...ranked.filter((node) => !failedLately(node)), ...ranked.filter(failedLately)]
    },
    failed({ id }) {
      const now = performance.now()
      for (const [other, until] of failedUntil) if (until <= now) failedUntil.delete(other)
      failedUntil.set(id, now + lastForMs)
    },
  }
}
