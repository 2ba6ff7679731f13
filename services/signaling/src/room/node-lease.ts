import type { StoreLife } from './store-life.ts'
import { createPoller, type Clock, type Kv, type Logger, type Poller } from '@parley/kit'

/** The set of nodes that hold a lease. */
export const leases = 'signaling:nodes'
const everyMs = 1_000
const lifetimeMs = 5_000
/** Looks at the leases until a node that was never seen with one counts as gone: it may have begun since the last. */
const looksAtStrangers = 2
/** Of each kind; names of nodes are small, and new with each start. */
const maxRemembered = 1_000

export interface LeaseDeps {
  kv: Pick<Kv, 'alive' | 'announce' | 'incarnation' | 'withdraw'>
  clock: Clock
  life: StoreLife
  log: Logger
}

/**
 * This node's lease, and which other nodes hold one. It is apart from the directory that requests are routed by: a node that
 * drains takes no new sockets, and still has the ones that have not moved yet.
 */
export class NodeLease {
  readonly #node: string
  readonly #deps: LeaseDeps
  readonly #poller: Poller
  #live: ReadonlySet<string>
  /** Nodes that were seen with a lease. */
  readonly #known = new Set<string>()
  /** Nodes that were not, and how many looks there had been when they were first asked about. */
  readonly #strangers = new Map<string, number>()
  #looks = 0
  /** By the store's clock, ms since 1970. */
  #renewedAt = 0
  /** Until then, monotonic ms, others may be as late as this node was. */
  #judgesFrom = 0
  #reachable = true

  constructor(node: string, deps: LeaseDeps) {
    this.#node = node
    this.#deps = deps
    this.#live = new Set([node])
    this.#poller = createPoller(() => this.#poll(), everyMs)
  }

  /**
   * Whether a node's lease has run out: what sessions it had are lost. As it was last known while the store is away, and for one
   * lifetime of a lease after it was.
   */
  isGone(node: string): boolean {
    if (this.#live.has(node)) return false
    if (this.#known.has(node)) return true
    const since = this.#strangers.get(node) ?? this.#looks
    this.#strangers.set(node, since)
    return this.#looks - since >= looksAtStrangers
  }

  /** Whether others may have seen this node's lease run out at `at` (ms since 1970, by the store's clock). */
  hadRunOut(at: number): boolean {
    return at - this.#renewedAt > lifetimeMs / 2
  }

  async start(): Promise<void> {
    await this.#poller.start()
  }

  /** Gives the lease back: what sessions are left of this node are lost from now on. */
  async stop(): Promise<void> {
    this.#poller.stop()
    const { kv, log } = this.#deps
    await kv
      .withdraw(leases, this.#node)
      .catch((err: unknown) => log.warn({ err }, 'the lease of this node is left to run out'))
  }

  async #poll(): Promise<void> {
    const { kv, clock, life, log } = this.#deps
    try {
      life.note(await kv.incarnation())
      const listed = await kv.alive(leases)
      const at = clock.monotonic()
      // The store was away, or has lost everything: the others may not have been able to renew theirs either.
      if (!listed.includes(this.#node)) this.#judgesFrom = at + lifetimeMs
      this.#live = new Set([this.#node, ...listed, ...(at < this.#judgesFrom ? this.#live : [])])
      this.#remember(listed)
      await kv.announce(leases, this.#node, lifetimeMs)
      this.#renewedAt = life.now()
      this.#reachable = true
    } catch (err) {
      if (this.#reachable) log.warn({ err }, 'the lease of this node cannot be renewed')
      this.#reachable = false
    }
  }

  #remember(listed: readonly string[]): void {
    this.#looks += 1
    if (this.#known.size > maxRemembered) this.#known.clear()
    if (this.#strangers.size > maxRemembered) this.#strangers.clear()
    for (const node of listed) {
      this.#known.add(node)
      this.#strangers.delete(node)
    }
  }
}
