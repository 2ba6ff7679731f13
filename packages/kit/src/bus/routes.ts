import { hasWildcard, matches } from './subjects.ts'

export interface Route<Target> {
  pattern: string
  /** Of all routes with one queue, one gets each message. */
  queue: string | null
  target: Target
}

/** The receivers of a message: the routing of a NATS server, for one process. */
export class Routes<Target> {
  readonly #exact = new Map<string, Set<Route<Target>>>()
  readonly #wild = new Set<Route<Target>>()
  #turn = 0

  add(route: Route<Target>): () => void {
    if (hasWildcard(route.pattern)) {
      this.#wild.add(route)
      return () => void this.#wild.delete(route)
    }
    const routes = this.#exact.get(route.pattern) ?? new Set()
    this.#exact.set(route.pattern, routes.add(route))
    return () => {
      routes.delete(route)
      if (routes.size === 0 && this.#exact.get(route.pattern) === routes) this.#exact.delete(route.pattern)
    }
  }

  /** Every route without a queue, and one of each queue, in turn. */
  select(subject: string): Target[] {
    const chosen: Target[] = []
    const queues = new Map<string, Target[]>()
    for (const { queue, target } of this.#matching(subject)) {
      if (queue === null) chosen.push(target)
      else queues.set(queue, [...(queues.get(queue) ?? []), target])
    }
    this.#turn += 1
    for (const members of queues.values()) chosen.push(...members.slice(this.#turn % members.length).slice(0, 1))
    return chosen
  }

  *#matching(subject: string): Generator<Route<Target>> {
    yield* this.#exact.get(subject) ?? []
    for (const route of this.#wild) if (matches(route.pattern, subject)) yield route
  }
}
