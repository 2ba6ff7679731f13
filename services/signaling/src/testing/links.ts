import { setTimeout as sleep } from 'node:timers/promises'
import { ProblemError, type Bus, type DocCommit, type Incarnation, type Kv } from '@parley/kit'

const unavailable = () => new ProblemError('unavailable', 'The link is cut')

const noSubscription = { unsubscribe: () => {}, ready: async () => {} }

/** One node's link to the bus: it can be down, deaf to what other nodes tell of rooms, and not answer to some subjects. */
export function createBusLink(bus: Bus, { silentOn = [] }: { silentOn?: readonly string[] } = {}) {
  let [up, deaf] = [true, false]
  const listeners = new Set<(connected: boolean) => void>()
  const stalled = new Set<string>()
  const responders = new Map<string, Parameters<Bus['respond']>[2]>()
  const hears = (subject: string) => up && !(deaf && subject.startsWith('room.'))
  const link: Bus = {
    publish: (subject, text) => void (up && bus.publish(subject, text)),
    subscribe: (subject, onText) => bus.subscribe(subject, (text, from) => void (hears(from) && onText(text, from))),
    respond(subject, queue, answer) {
      responders.set(subject, answer)
      return silentOn.includes(subject) ? noSubscription : bus.respond(subject, queue, answer)
    },
    async request(subject, text, timeoutMs) {
      if (!up) throw unavailable()
      if (!stalled.has(subject)) return await bus.request(subject, text, timeoutMs)
      await sleep(timeoutMs)
      throw new ProblemError('deadline-exceeded', 'Nobody answers')
    },
    connected: () => up && bus.connected(),
    onStatus(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: (timeoutMs) => bus.close(timeoutMs),
  }
  const set = (next: boolean): void => {
    up = next
    for (const listener of listeners) listener(next)
  }
  return {
    bus: link,
    cut: () => set(false),
    heal: () => set(true),
    /** The responder on this subject stands still from now on. */
    stall: (subject: string) => void stalled.add(subject),
    /** Asks this very node, whoever else answers on the subject. */
    async ask(subject: string, text: string): Promise<string> {
      const answer = responders.get(subject)
      if (answer === undefined) throw new Error(`nobody answers ${subject} here`)
      return await answer(text, { deadline: Infinity })
    },
    /** News of rooms from other nodes is lost from now on, though the link counts as up. */
    deafen: () => void (deaf = true),
    listen: () => void (deaf = false),
  }
}

/** The fate of the commits of a link. */
type Fate =
  /** They are made, and answered. */
  | 'answered'
  /** They are made, and no answer comes. */
  | 'unanswered'
  /** They are under way until `arrive` is called; whoever made them hears that the store is away. */
  | 'late'
  /** They wait, and are made once that is over. */
  | 'waiting'

/** One node's link to the store: it can be down, and lose, delay or hold commits. */
export function createStoreLink(kv: Kv) {
  let up = true
  let fate: Fate = 'answered'
  let last: string | undefined
  const waiting: (() => void)[] = []
  const late: (() => Promise<unknown>)[] = []
  const statusListeners = new Set<(connected: boolean) => void>()
  const incarnationListeners = new Set<(incarnation: Incarnation) => void>()
  const guard =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (!up) throw unavailable()
      return await call(...args)
    }
  const see = (incarnation: Incarnation): Incarnation => {
    const changed = last !== undefined && last !== incarnation.id
    last = incarnation.id
    if (changed) for (const listener of incarnationListeners) listener(incarnation)
    return incarnation
  }
  kv.onIncarnation((incarnation) => void (up && see(incarnation)))
  const commit = async (id: string, wanted: DocCommit) => {
    if (fate === 'late') {
      late.push(() => kv.docs.commit(id, wanted))
      throw unavailable()
    }
    if (fate === 'waiting') await new Promise<void>((resolve) => waiting.push(resolve))
    const result = await kv.docs.commit(id, wanted)
    if (fate === 'unanswered') throw unavailable()
    return result
  }
  const link: Kv = {
    get: guard((key) => kv.get(key)),
    set: guard((key, value, ttlMs) => kv.set(key, value, ttlMs)),
    setIfAbsent: guard((key, value, ttlMs) => kv.setIfAbsent(key, value, ttlMs)),
    take: guard((key) => kv.take(key)),
    delete: guard((key) => kv.delete(key)),
    announce: guard((key, members, ttlMs) => kv.announce(key, members, ttlMs)),
    withdraw: guard((key, member) => kv.withdraw(key, member)),
    alive: guard((key) => kv.alive(key)),
    expired: guard((key) => kv.expired(key)),
    limiter: (options) => kv.limiter(options),
    distinct: (options) => kv.distinct(options),
    docs: {
      read: guard((id) => kv.docs.read(id)),
      look: guard((id, known) => kv.docs.look(id, known)),
      since: guard((id, epoch, version) => kv.docs.since(id, epoch, version)),
      commit: guard(commit),
      restore: guard((id, restoration) => kv.docs.restore(id, restoration)),
      renew: guard((id, head, ttlMs) => kv.docs.renew(id, head, ttlMs)),
      remove: guard((id, expected, facts) => kv.docs.remove(id, expected, facts)),
    },
    facts: kv.facts,
    incarnation: guard(async () => see(await kv.incarnation())),
    onIncarnation(listener) {
      incarnationListeners.add(listener)
      return () => incarnationListeners.delete(listener)
    },
    connected: () => up && kv.connected(),
    onStatus(listener) {
      statusListeners.add(listener)
      return () => statusListeners.delete(listener)
    },
    faults: () => kv.faults(),
    close: () => kv.close(),
  }
  const set = (next: boolean): void => {
    up = next
    for (const listener of statusListeners) listener(next)
  }
  return {
    kv: link,
    cut: () => set(false),
    async heal() {
      // As a connection greets the store, before any other command is let through.
      see(await kv.incarnation())
      set(true)
    },
    /** From now on. Commits that waited are made. */
    letCommits(next: Fate): void {
      fate = next
      for (const go of waiting.splice(0)) go()
    },
    /** How many commits wait or are under way. */
    get underWay(): number {
      return waiting.length + late.length
    },
    /** The commits that were under way arrive at the store, in order. */
    async arrive(): Promise<unknown[]> {
      const arrived = []
      for (const go of late.splice(0)) arrived.push(await go())
      return arrived
    },
  }
}
