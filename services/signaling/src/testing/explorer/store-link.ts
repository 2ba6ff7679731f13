import { ProblemError, type Incarnation, type Kv, type VersionedDocs } from '@parley/kit'
import type { Actor, Loop, Task } from './loop.ts'
import type { Random } from './random.ts'
import type { ModelStore } from './store.ts'

/** How the kit's Redis gives up, ms. */
const answerWithinMs = 300

export interface StoreNet {
  loop: Loop
  random: Random
  store: ModelStore
  latency(): number
  /** The store answers nobody until then. */
  frozenUntil: number
}

/** How likely a request in flight is carried out much later, although its link is cut. */
const lateChance = 0.5
/** How likely an answer takes no time: so that fewer things happen, which makes a schedule quicker. */
const atOnceChance = 0.6

/** Something that happens just after a process sent its next commit, or between the commit and its answer. */
export interface Moment {
  when: 'sent' | 'carried-out'
  act(): void
}

interface StoreRequest {
  /** That it gets there. */
  task: Task | null
  fail(): void
}

/**
 * One process's connection to the store. Its requests are carried out in order; one whose answer is lost, or late, may have been
 * carried out, or may be yet.
 */
export class StoreLink {
  readonly #net: StoreNet
  readonly #actor: Actor
  readonly #asked = new Set<StoreRequest>()
  readonly #onIncarnation = new Set<(incarnation: Incarnation) => void>()
  readonly #onStatus = new Set<(connected: boolean) => void>()
  /** `silent`: cut, and nothing says so. */
  #state: 'up' | 'silent' | 'down' = 'up'
  #seen: string | null = null
  #arrival = 0
  #return = 0
  /** The next so many answers are lost. */
  loseAnswers = 0
  moment: Moment | null = null

  constructor(net: StoreNet, actor: Actor) {
    this.#net = net
    this.#actor = actor
  }

  get connected(): boolean {
    return this.#state !== 'down'
  }

  cut(silent: boolean): void {
    this.#state = silent ? 'silent' : 'down'
    this.#breakOff()
    if (!silent) this.#tellStatus(false)
  }

  /** Connected again; the first thing that is asked is the incarnation. */
  heal(): void {
    const { loop, random } = this.#net
    if (this.#state === 'up') return
    this.#state = 'down'
    loop.after(random.between(0, 50), this.#actor, () => {
      this.#state = 'up'
      this.#arrival = 0
      this.#return = 0
      this.#note(this.#net.store.incarnation())
      this.#tellStatus(true)
    })
  }

  call<T>(act: (store: ModelStore) => T | Promise<T>): Promise<T> {
    return this.#call(act, false)
  }

  /** The same, of a commit or a restoration. */
  write<T>(act: (store: ModelStore) => Promise<T>): Promise<T> {
    const answered = this.#call(act, true)
    this.#meet('sent')
    return answered
  }

  #meet(when: Moment['when']): void {
    if (this.moment?.when !== when) return
    const { act } = this.moment
    this.moment = null
    act()
  }

  #call<T>(act: (store: ModelStore) => T | Promise<T>, isWrite: boolean): Promise<T> {
    const { loop, latency } = this.#net
    if (this.#state === 'down') return Promise.reject(unavailable())
    return new Promise((resolve, reject) => {
      const deadline = loop.after(answerWithinMs, this.#actor, () => reject(unavailable()))
      const answer = (result: Promise<T>) => {
        if (deadline.run === null) return
        deadline.run = null
        result.then(resolve, reject)
      }
      if (this.#state === 'silent') return
      this.#arrival = Math.max(this.#arrival, loop.now + latency())
      const asked: StoreRequest = { task: null, fail: () => answer(Promise.reject(unavailable())) }
      this.#asked.add(asked)
      asked.task = loop.at(this.#arrival, null, () => {
        this.#asked.delete(asked)
        this.#carryOut(() => {
          const result = act(this.#net.store)
          if (isWrite) this.#meet('carried-out')
          return result
        }, answer)
      })
    })
  }

  onIncarnation(listener: (incarnation: Incarnation) => void): () => void {
    this.#onIncarnation.add(listener)
    return () => void this.#onIncarnation.delete(listener)
  }

  onStatus(listener: (connected: boolean) => void): () => void {
    this.#onStatus.add(listener)
    return () => void this.#onStatus.delete(listener)
  }

  async incarnation(): Promise<Incarnation> {
    const incarnation = await this.call((store) => store.incarnation())
    this.#note(incarnation)
    return incarnation
  }

  #carryOut<T>(act: () => T | Promise<T>, answer: (result: Promise<T>) => void): void {
    const { frozenUntil, latency, loop, random } = this.#net
    if (loop.now < frozenUntil) return void loop.at(frozenUntil, null, () => this.#carryOut(act, answer))
    const result = Promise.resolve(act())
    // Its rejection is told to whoever asked, if the answer gets there.
    result.catch(() => {})
    if (this.#state !== 'up') return
    if (this.loseAnswers > 0) return void (this.loseAnswers -= 1)
    const isNext = this.#return <= loop.now && this.#actor.state === 'running'
    if (isNext && random.chance(atOnceChance)) {
      loop.current = this.#actor
      return answer(result)
    }
    this.#return = Math.max(this.#return, loop.now + latency())
    loop.at(this.#return, this.#actor, () => answer(result))
  }

  /** A command on its way is lost, or stuck in a buffer and arrives when nobody expects it any more. */
  #breakOff(): void {
    const { loop, random } = this.#net
    for (const { task, fail } of this.#asked) {
      const run = task?.run ?? null
      if (task) task.run = null
      if (run !== null && random.chance(lateChance)) loop.after(random.between(5, 4_000), null, run)
      if (this.#state === 'down') loop.after(0, this.#actor, fail)
    }
    this.#asked.clear()
  }

  #note(incarnation: Incarnation): void {
    const changed = this.#seen !== null && this.#seen !== incarnation.id
    this.#seen = incarnation.id
    if (changed) for (const listener of this.#onIncarnation) listener(incarnation)
  }

  #tellStatus(connected: boolean): void {
    this.#net.loop.after(0, this.#actor, () => {
      for (const listener of this.#onStatus) listener(connected)
    })
  }
}

const unavailable = () => new ProblemError('unavailable', 'The store does not answer')

/** The kit's store, as one process has it over its link. */
export function kvOver(link: StoreLink): Kv {
  const docs: VersionedDocs = {
    read: (id) => link.call((store) => store.docs.read(id)),
    look: (id, known) => link.call((store) => store.look(id, known)),
    since: (id, epoch, version) => link.call((store) => store.since(id, epoch, version)),
    commit: (id, commit) => link.write((store) => store.commit(id, commit)),
    restore: (id, restoration) => link.write((store) => store.restore(id, restoration)),
    renew: (id, head, ttlMs) => link.call((store) => store.docs.renew(id, head, ttlMs)),
    remove: (id, expected, facts) => link.call((store) => store.docs.remove(id, expected, facts)),
  }
  const notModelled = (): never => {
    throw new Error('the explorer does not model this')
  }
  return {
    docs,
    get: (key) => link.call((store) => store.get(key)),
    set: (key, value) => link.call((store) => store.set(key, value)),
    setIfAbsent: notModelled,
    take: notModelled,
    delete: (key) => link.call((store) => (store.set(key, null), true)),
    announce: (key, members, ttlMs) => link.call((store) => store.announce(key, [members].flat(), ttlMs)),
    withdraw: (key, member) => link.call((store) => store.withdraw(key, member)),
    alive: (key) => link.call((store) => store.members(key, 'alive')),
    expired: (key) => link.call((store) => store.members(key, 'expired')),
    limiter: notModelled,
    distinct: notModelled,
    facts: { append: notModelled, consume: notModelled },
    incarnation: () => link.incarnation(),
    onIncarnation: (listener) => link.onIncarnation(listener),
    connected: () => link.connected,
    faults: () => [],
    onStatus: (listener) => link.onStatus(listener),
    close: async () => {},
  }
}
