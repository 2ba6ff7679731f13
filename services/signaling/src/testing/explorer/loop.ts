/** A process of the model: what it does can be held up (frozen), or never happens any more (dead). */
export interface Actor {
  readonly name: string
  state: 'running' | 'frozen' | 'dead'
  /** Tasks that were due while it was frozen. */
  readonly held: Task[]
}

export const newActor = (name: string): Actor => ({ name, state: 'running', held: [] })

/** Something that will happen at a time, in its actor. */
export interface Task {
  at: number
  order: number
  /** Null: outside of all processes, as in the store or on the network. */
  actor: Actor | null
  run: (() => void) | null
}

/** More than any schedule needs: something goes round in circles. */
const maxTasks = 100_000
const nextTurn = (): Promise<void> => new Promise((resolve) => turn(resolve))
// The real one: the timers of the model are put in the place of the global ones later.
const turn = setImmediate

/** The present loop: there is one schedule at a time. */
let active: Loop | null = null
export const activeLoop = (): Loop | null => active

/**
 * Simulated time: one task after the other in the order of their times, each with all its promises settled before the next. So a
 * schedule is the same each time it runs.
 */
export class Loop {
  /** Ms since the schedule began. */
  now = 0
  /** Whose task runs now. */
  current: Actor | null = null
  tasks = 0
  readonly #heap: Task[] = []
  #order = 0

  /** A new loop, which is the present one from now on. */
  static begin(): Loop {
    active = new Loop()
    return active
  }

  at(time: number, actor: Actor | null, run: () => void): Task {
    const task = { at: Math.max(time, this.now), order: (this.#order += 1), actor, run }
    this.#push(task)
    return task
  }

  after(ms: number, actor: Actor | null, run: () => void): Task {
    return this.at(this.now + ms, actor, run)
  }

  /** Lets time pass until then. */
  async runUntil(time: number): Promise<void> {
    for (let task = this.#heap[0]; task !== undefined && task.at <= time; task = this.#heap[0]) {
      this.#pop()
      if (task.run === null) continue
      this.now = task.at
      if (task.actor?.state === 'frozen') task.actor.held.push(task)
      else if (task.actor?.state !== 'dead') await this.#step(task.actor, task.run)
    }
    this.now = Math.max(this.now, time)
  }

  thaw(actor: Actor): void {
    if (actor.state !== 'frozen') return
    actor.state = 'running'
    for (const task of actor.held.splice(0)) this.#push({ ...task, at: this.now, order: (this.#order += 1) })
  }

  /** Runs `act` as a part of a process, and what follows from it. */
  async inside<T>(actor: Actor, act: () => T): Promise<T> {
    let result: { value: T } | undefined
    await this.#step(actor, () => (result = { value: act() }))
    if (result === undefined) throw new Error('nothing was done')
    return result.value
  }

  async #step(actor: Actor | null, run: () => void): Promise<void> {
    this.current = actor
    this.tasks += 1
    if (this.tasks > maxTasks) throw new Error(`no end in sight at ${this.now} ms`)
    run()
    await nextTurn()
    this.current = null
  }

  #push(task: Task): void {
    const heap = this.#heap
    let index = heap.push(task) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (above === undefined || isBefore(above, task)) break
      heap[index] = above
      index = parent
    }
    heap[index] = task
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const [one, other] = [heap[left], heap[left + 1]]
      if (one === undefined) break
      const [child, at] = other !== undefined && isBefore(other, one) ? [other, left + 1] : [one, left]
      if (isBefore(last, child)) break
      heap[index] = child
      index = at
    }
    heap[index] = last
  }
}

const isBefore = (one: Task, other: Task): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order)
