import { newId } from '@parley/kit'
import { ModelClient } from './client.ts'
import { Judge, type Fault } from './judge.ts'
import { Loop } from './loop.ts'
import { ModelMeetings, type User } from './meetings.ts'
import { ModelNet } from './net.ts'
import { ModelNode } from './nodes.ts'
import type { Random } from './random.ts'
import { ModelStore } from './store.ts'

/** When a process was not able to do its part. */
interface Trouble {
  from: number
  to: number
}

/** How quick the network of a schedule is, ms: most messages, and the slow ones. */
export interface Pace {
  usual: number
  slow: number
  slowChance: number
}

/** Everything there is in one schedule: the real nodes, and the modelled world around them. */
export class ModelWorld {
  readonly loop = Loop.begin()
  readonly random: Random
  readonly store: ModelStore
  readonly net: ModelNet
  readonly meetings: ModelMeetings
  readonly judge: Judge
  readonly nodes: ModelNode[] = []
  readonly clients: ModelClient[] = []
  readonly troubles: Trouble[] = []
  /** When nobody heard of what others did. */
  readonly deafness: Trouble[] = []
  /** Nodes that are to be started: one each. */
  readonly wantedNodes: number[] = []
  readonly faults: Fault[] = []
  /** The store answers nobody until then. */
  frozenUntil = 0
  readonly latency: () => number
  readonly #trace: ((line: string) => void) | null
  #names = 0

  constructor(random: Random, { pace, trace }: { pace: Pace; trace: ((line: string) => void) | null }) {
    this.random = random
    this.#trace = trace
    this.latency = () => (random.chance(pace.slowChance) ? random.between(0, pace.slow) : random.between(0, pace.usual))
    this.store = new ModelStore(this.loop)
    this.net = new ModelNet({ loop: this.loop, random, latency: this.latency })
    this.judge = new Judge(this)
    this.meetings = new ModelMeetings(this, newUser('host', 'host'))
    this.store.onSeat = (seat, seq) => this.judge.seated(seat, seq)
  }

  get anyNode(): ModelNode {
    const [first] = this.nodes
    if (!first) throw new Error('there is no node')
    return first
  }

  async start(nodes: number): Promise<void> {
    await this.loop.inside(this.meetings.actor, () => this.meetings.start())
    for (let count = 0; count < nodes; count += 1) await this.startNode()
  }

  async startNode(): Promise<ModelNode> {
    const node = new ModelNode(this, `n${(this.#names += 1)}`)
    this.nodes.push(node)
    await this.loop.inside(node.actor, () => void node.signaling.start())
    return node
  }

  /** Somebody comes in: the host first. */
  async arrive(user?: User): Promise<ModelClient> {
    const who = user ?? this.#newcomer()
    const again = this.clients.filter(({ userId }) => userId === who.id).length
    const client = new ModelClient(this, { userId: who.id, name: again ? `${who.name}.${again}` : who.name })
    this.clients.push(client)
    await this.loop.inside(client.actor, () => void client.run())
    return client
  }

  /** Lets time pass until then; new nodes come as they are wanted. */
  async pass(until: number): Promise<void> {
    const step = 250
    while (this.loop.now < until) {
      await this.loop.runUntil(Math.min(until, this.loop.now + step))
      for (; this.wantedNodes.length > 0; this.wantedNodes.pop()) await this.startNode()
    }
  }

  /** Everything that was broken is whole again, and nothing more happens but what was begun. */
  async calm(): Promise<void> {
    this.note('> all is well from now on')
    this.frozenUntil = 0
    this.net.frozenUntil = 0
    for (const link of [this.meetings, ...this.nodes]) {
      if (link.actor.state === 'dead') continue
      this.loop.thaw(link.actor)
      link.store.moment = null
      link.bus.heal()
      link.store.heal()
    }
    if (!this.nodes.some(({ isRunning }) => isRunning)) await this.startNode()
    // Where the store went back and does not say so, the next commit shows it.
    if (this.store.losses.some(({ kind }) => kind === 'rolled-back'))
      for (const client of this.clients) this.loop.after(500, client.actor, () => void client.setHand(true))
  }

  /** The store went back, and nobody is there to notice: what it shows is of before, and nobody sees it. */
  get wentBackUnseen(): boolean {
    return this.store.losses.some(({ kind }) => kind !== 'emptied') && !this.clients.some(({ isIn }) => isIn)
  }

  note(line: string): void {
    this.#trace?.(`${(this.loop.now / 1_000).toFixed(4).padStart(9)} ${line}`)
  }

  fault(check: string, detail: string): void {
    if (this.faults.length === 0) this.note(`FAULT ${check}: ${detail}`)
    this.faults.push({ check, detail, at: this.loop.now })
  }

  #newcomer(): User {
    const { users } = this.meetings
    if (![...users.values()].some(({ id }) => this.clients.some(({ userId }) => userId === id)))
      for (const user of users.values()) return user
    const user = newUser(`user${users.size}`, 'participant')
    users.set(user.id, user)
    return user
  }
}

const newUser = (name: string, role: User['role']): User => ({
  id: newId(),
  name,
  role,
  roleSeq: 0,
  removedSeq: null,
  inside: role === 'host',
})
