import type { Owner } from '@parley/kit'
import { Lane } from './lane.ts'

export type BcryptJob =
  | { kind: 'hash'; password: string; cost: number }
  | { kind: 'compare'; password: string; hash: string }

export type Result = string | boolean

/** The last rank. */
export const lastRank = 5
/** The last rank that is served promptly: that of somebody who got nothing wrong. */
const lastPrompt = 0

/**
 * Whose job it is. `rank`, from 0 to `lastRank`: how many jobs its address has lately brought that were not right. A job waits until
 * nobody has one of a smaller rank.
 */
export interface JobOwner extends Owner {
  rank: number
}

export interface BcryptPool {
  /**
   * Each address has its turn, and within it each person. Rejects at once with `unavailable` if the wait would exceed a
   * second, or two after rank 0. It rejects also if this person has a share waiting already. The first job of an address of rank 0 always has its turn.
   */
  run(job: BcryptJob, owner: JobOwner): Promise<Result>
  /** Throws `unavailable` when `run` would reject now. */
  refuseIfBusy(owner: JobOwner): void
  waiting(): number
  /** Refuses all that wait, ends the threads. */
  stop(): Promise<void>
}

export interface BcryptPoolOptions {
  /** How many jobs are done at once: the number of cores. */
  size: number
  /** How long one job takes, until that has been measured. */
  typicalMs?: number
  /** The safety net: nobody waits longer, come what may. */
  maxWaitMs?: number
}

/**
 * Threads that do nothing but bcrypt, hired when first needed: in libuv's pool it would hold up every file and DNS call
 * (lessons.md 9). Wrong passwords have fewer threads, of a lower priority, so they never take the cores from right ones.
 */
export function createBcryptPool({ size, typicalMs = 200, maxWaitMs = 5000 }: BcryptPoolOptions): BcryptPool {
  const shared = { typicalMs, maxWaitMs, quickest: { ms: Infinity } }
  // Far below `maxWaitMs`: in a flood jobs take longer than they did before.
  const accepted = { waitMs: 1000, least: 2 * size }
  const prompt = new Lane({
    ...shared,
    ranks: [0, lastPrompt],
    threads: { size, nice: 0 },
    yielding: false,
    accepted,
  })
  const late = new Lane({
    ...shared,
    ranks: [lastPrompt + 1, lastRank],
    threads: { size: Math.max(1, size - 1), nice: 10 },
    yielding: true,
    accepted: { ...accepted, waitMs: 2000 },
  })
  const laneOf = ({ rank }: JobOwner): Lane => (rank <= lastPrompt ? prompt : late)
  return {
    async run(job, owner) {
      laneOf(owner).refuseIfBusy(owner)
      return laneOf(owner).run(job, owner)
    },
    refuseIfBusy: (owner) => laneOf(owner).refuseIfBusy(owner),
    waiting: () => prompt.waiting + late.waiting,
    stop: async () => void (await Promise.all([prompt.stop(), late.stop()])),
  }
}
