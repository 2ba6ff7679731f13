import { ProblemError, type Bus, type BusSubscription, type Respond } from '@parley/kit'
import type { Actor, Loop } from './loop.ts'
import type { Random } from './random.ts'

interface Route {
  link: BusLink
  queue: string | null
  deliver(text: string, call: { deadline: number }, reply: (text: string) => void): void
}

/** The bus of all processes: at most once, in order per publisher, nothing for whoever is cut off. */
export class ModelNet {
  readonly loop: Loop
  readonly random: Random
  readonly latency: () => number
  /** Nothing is passed on until then. */
  frozenUntil = 0
  readonly #routes = new Map<string, Set<Route>>()

  constructor({ loop, random, latency }: { loop: Loop; random: Random; latency: () => number }) {
    this.loop = loop
    this.random = random
    this.latency = latency
  }

  add(subject: string, route: Route): () => void {
    const routes = this.#routes.get(subject) ?? new Set<Route>()
    this.#routes.set(subject, routes.add(route))
    return () => void routes.delete(route)
  }

  /** A message is for all listeners but its sender. */
  listeners(subject: string, from: BusLink): Route[] {
    return [...(this.#routes.get(subject) ?? [])].filter(
      ({ link, queue }) => queue === null && link !== from && link.up,
    )
  }

  responder(subject: string, from: BusLink): Route | undefined {
    const able = [...(this.#routes.get(subject) ?? [])].filter(
      ({ link, queue }) => queue !== null && link !== from && link.up && link.actor.state !== 'dead',
    )
    return this.random.pick(able)
  }
}

/** One process's connection to the bus. */
export class BusLink implements Bus {
  readonly actor: Actor
  up = true
  readonly #net: ModelNet
  readonly #listeners = new Set<(connected: boolean) => void>()
  readonly #pending = new Set<(error: ProblemError) => void>()
  /** By receiver, when the last thing sent to it arrives. */
  readonly #arrivals = new Map<BusLink, number>()
  #told = true

  constructor(net: ModelNet, actor: Actor) {
    this.#net = net
    this.actor = actor
  }

  /** Nothing passes from now on; the process learns it `noticedAfterMs` later, or with the return. */
  cut(noticedAfterMs: number): void {
    this.up = false
    this.#net.loop.after(noticedAfterMs, this.actor, () => {
      if (!this.up) this.#tell(false)
    })
  }

  heal(): void {
    if (this.up) return
    this.#net.loop.after(this.#net.random.between(0, 100), this.actor, () => {
      this.#tell(false)
      this.up = true
      this.#tell(true)
    })
  }

  publish(subject: string, text: string): void {
    if (!this.up) return
    for (const route of this.#net.listeners(subject, this))
      this.#send(route.link, () => route.deliver(text, { deadline: Infinity }, () => {}))
  }

  subscribe(subject: string, onText: (text: string, subject: string) => void): BusSubscription {
    return this.#route(subject, null, (text) => onText(text, subject))
  }

  request(subject: string, text: string, timeoutMs: number): Promise<string> {
    const { loop } = this.#net
    if (!this.#told) return Promise.reject(new ProblemError('unavailable', 'The bus is away'))
    return new Promise((resolve, reject) => {
      const done = (act: () => void) => {
        deadline.run = null
        this.#pending.delete(fail)
        act()
      }
      const fail = (error: ProblemError) => done(() => reject(error))
      const late = () => fail(new ProblemError('deadline-exceeded', `No answer on ${subject}`))
      const deadline = loop.after(timeoutMs, this.actor, late)
      this.#pending.add(fail)
      const route = this.up ? this.#net.responder(subject, this) : undefined
      const nobody = () => fail(new ProblemError('unavailable', `Nobody answers ${subject}`))
      if (!route) return void (this.up && loop.after(1, this.actor, nobody))
      const reply = (answer: string) => route.link.#send(this, () => done(() => resolve(answer)))
      const givenUpAt = loop.now + timeoutMs
      this.#send(route.link, () => {
        // A request that its caller has given up is not begun, however late it arrives.
        if (loop.now <= givenUpAt) route.deliver(text, { deadline: givenUpAt }, reply)
      })
    })
  }

  respond(subject: string, queue: string, answer: Respond): BusSubscription {
    return this.#route(subject, queue, (text, call, reply) => void answer(text, call).then(reply))
  }

  connected(): boolean {
    return this.#told
  }

  onStatus(listener: (connected: boolean) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async close(): Promise<void> {}

  #route(subject: string, queue: string | null, deliver: Route['deliver']): BusSubscription {
    const unsubscribe = this.#net.add(subject, { link: this, queue, deliver })
    const ready = (): Promise<void> =>
      new Promise((resolve, reject) => {
        const settle = () => (this.up ? resolve() : reject(new ProblemError('unavailable', 'The bus is away')))
        this.#net.loop.after(this.#net.latency(), this.actor, settle)
      })
    return { unsubscribe, ready }
  }

  /** Cut off in between, it does not arrive. */
  #send(to: BusLink, arrive: () => void): void {
    const { frozenUntil, latency, loop } = this.#net
    if (!this.up) return
    const at = Math.max(this.#arrivals.get(to) ?? 0, Math.max(loop.now, frozenUntil) + latency())
    this.#arrivals.set(to, at)
    loop.at(at, to.actor, () => {
      if (to.up) arrive()
    })
  }

  #tell(connected: boolean): void {
    if (this.#told === connected) return
    this.#told = connected
    if (!connected) for (const fail of this.#pending) fail(new ProblemError('unavailable', 'The bus is away'))
    for (const listener of this.#listeners) listener(connected)
  }
}
