import {
  chatBus,
  meetingsBus,
  signalingBus,
  type Fact,
  type AdmissionGrant,
  type Meeting,
  type Role,
  type Seat,
} from '@parley/contracts'
import { respond, request, newId, ProblemError, type Kv, type Logger } from '@parley/kit'
import { aMeeting } from '../a-meeting.ts'
import { newActor } from './loop.ts'
import { BusLink } from './net.ts'
import { Outbox, type AppliedCommand } from './outbox.ts'
import { Stays } from './stays.ts'
import { kvOver, StoreLink } from './store-link.ts'
import { epochMs } from './virtual-time.ts'
import type { ModelWorld } from './world.ts'

/** Somebody as meetings has them written down, and the numbers of the commands that told the room so. */
export interface User {
  id: string
  name: string
  role: Role
  roleSeq: number
  removedSeq: number | null
  inside: boolean
}

interface Token {
  userId: string
  participantId: string
  attempt: string | null
}

const occupied = 'signaling:rooms'
const lookEveryMs = 10_000
const consumeWithinMs = 120
const repeatChance = 0.05

/** The meetings service of one meeting: its decisions, its commands to the room, and who it thinks is there. */
export class ModelMeetings {
  readonly actor = newActor('meetings')
  readonly bus: BusLink
  readonly store: StoreLink
  readonly outbox: Outbox
  readonly stays = new Stays()
  readonly users = new Map<string, User>()
  meeting: Meeting
  ended = false
  /** Since that command nobody comes in who was not inside by then. */
  lockedSeq: number | null = null
  readonly #tokens = new Map<string, Token>()
  readonly #world: ModelWorld
  readonly #kv: Kv
  #missing = false
  #consuming = false

  constructor(world: ModelWorld, host: User) {
    this.#world = world
    this.bus = new BusLink(world.net, this.actor)
    this.store = new StoreLink(world, this.actor)
    this.#kv = kvOver(this.store)
    this.meeting = aMeeting({ hostId: host.id })
    this.users.set(host.id, host)
    this.outbox = new Outbox({ loop: world.loop, actor: this.actor, bus: this.bus, meetingId: this.meeting.id })
  }

  /** Begins to answer and to follow the room; called inside of its actor. */
  start(): void {
    const log = {
      error: (fields: { err: Error }) => this.#world.fault('internal-error', String(fields.err.stack)),
    } as unknown as Logger
    const { bus } = this
    respond(bus, chatBus.heads, 'chat', async () => ({ heads: [] }), log)
    respond(bus, meetingsBus.redeem, 'meetings', async (asked) => this.#redeem(asked), log)
    respond(bus, meetingsBus.lobby, 'meetings', async () => ({ lv: 0, lobby: [], decided: [] }), log)
    respond(bus, meetingsBus.remove, 'meetings', async ({ userId, ban }) => (this.remove(userId, ban), {}), log)
    respond(bus, meetingsBus.setRole, 'meetings', async ({ userId, role }) => (this.setRole(userId, role), {}), log)
    respond(bus, meetingsBus.end, 'meetings', async () => (this.end(), {}), log)
    const every = (ms: number, act: () => void): void => {
      this.#world.loop.after(ms, this.actor, () => (act(), every(ms, act)))
    }
    this.#world.store.onFacts = () => this.#consumeSoon()
    every(lookEveryMs, () => void this.#lookAtRoom())
  }

  /** A room token, by REST. @throws ProblemError what refuses them */
  admit(userId: string): string {
    this.#userOrThrow(userId)
    const token = newId()
    this.#tokens.set(token, { userId, participantId: newId(), attempt: null })
    return token
  }

  remove(userId: string, ban: boolean): void {
    const user = this.users.get(userId)
    if (!user || user.role === 'host' || this.ended) throw new ProblemError('forbidden')
    user.removedSeq = this.outbox.add({ kind: 'remove', userId, reason: ban ? 'banned' : 'removed' })
  }

  setRole(userId: string, role: Role): void {
    const user = this.users.get(userId)
    if (!user || this.ended) throw new ProblemError('not-found')
    user.role = role
    user.roleSeq = this.outbox.add({ kind: 'role', userId, role })
  }

  /** The host hands the meeting over, and is a cohost from then on. */
  handOver(userId: string): void {
    const host = [...this.users.values()].find(({ role }) => role === 'host')
    if (!host || host.id === userId) return
    this.setRole(userId, 'host')
    this.setRole(host.id, 'cohost')
  }

  change(changed: Partial<Meeting>): void {
    if (this.ended) throw new ProblemError('meeting-over')
    this.meeting = { ...this.meeting, ...changed, version: this.meeting.version + 1 }
    this.outbox.add({ kind: 'meeting-updated', meeting: this.meeting })
  }

  /** From now on nobody comes in who has not been inside. */
  lock(): void {
    this.change({ type: 'invited_only' })
    this.lockedSeq ??= this.outbox.seq
  }

  end(): void {
    if (this.ended) return
    this.ended = true
    this.outbox.add({ kind: 'end', reason: 'host' })
  }

  /** A command that a relay was about to tell when it stood still. */
  tellLate(told: AppliedCommand): void {
    this.outbox.tellLate(told)
  }

  /** The fault of a seat that was taken in a room that had carried out the commands up to `seq`; null: nothing. */
  faultOf({ participant }: Seat, seq: number): string | null {
    const user = this.users.get(participant.userId)
    if (!user) return 'nobody knows them'
    if (user.removedSeq !== null && user.removedSeq <= seq) return 'they were removed'
    if (user.roleSeq <= seq && participant.role !== user.role) return `they are ${user.role}, not ${participant.role}`
    const isLockedOut = !user.inside && user.role !== 'host'
    return isLockedOut && this.lockedSeq !== null && this.lockedSeq <= seq ? 'it was locked' : null
  }

  #userOrThrow(userId: string): User {
    const user = this.users.get(userId)
    if (this.ended) throw new ProblemError('meeting-over')
    if (!user || user.removedSeq !== null) throw new ProblemError('removed-from-meeting')
    if (this.lockedSeq !== null && !user.inside && user.role !== 'host') throw new ProblemError('not-admitted')
    return user
  }

  #redeem({
    roomToken,
    userId,
    attempt = null,
  }: {
    roomToken: string
    userId: string
    attempt?: string | null
  }): AdmissionGrant {
    const token = this.#tokens.get(roomToken)
    if (token?.userId !== userId || (token.attempt !== null && token.attempt !== attempt))
      throw new ProblemError('room-token-invalid')
    const user = this.#userOrThrow(userId)
    const { name, role } = user
    // The host belongs to the meeting, whoever is host later.
    if (role === 'host') user.inside = true
    token.attempt = attempt
    const { participantId } = token
    const grant = { participantId, userId, name, role, guest: false, admission: 'enter' as const }
    return { ...grant, meeting: this.meeting, asOf: this.outbox.seq }
  }

  #consumeSoon(): void {
    if (this.#consuming) return
    this.#consuming = true
    this.#world.loop.after(this.#world.random.between(1, consumeWithinMs), this.actor, () => this.#consume())
  }

  #consume(): void {
    const { loop, random, store, frozenUntil } = this.#world
    this.#consuming = false
    if (loop.now < frozenUntil || !this.store.connected) return this.#consumeSoon()
    const facts = store.facts.splice(0).map(({ text }) => JSON.parse(text) as Fact)
    this.#take(facts)
    if (random.chance(repeatChance)) loop.after(random.between(50, 3_000), this.actor, () => this.#take(facts))
  }

  #take(facts: readonly Fact[]): void {
    for (const fact of facts) {
      this.stays.apply(fact)
      this.#tellAgain(fact)
    }
  }

  /** A restored room is told its state again. So is one that somebody entered by an older decision. */
  #tellAgain(fact: Fact): void {
    if (fact.kind === 'left') return
    const roster = fact.kind === 'restored' ? fact.people : [fact]
    for (const { userId } of roster) {
      const user = this.users.get(userId)
      if (user) user.inside = true
    }
    if (this.ended) {
      if (roster.length > 0 || fact.kind === 'restored') this.outbox.add({ kind: 'end', reason: 'host' })
      return
    }
    const opened = fact.kind === 'joined' && fact.present === 1 && this.meeting.version > 1
    if (fact.kind === 'restored' || opened) this.outbox.add({ kind: 'meeting-updated', meeting: this.meeting })
    for (const { userId, role } of roster) this.#tellDecisions(userId, role)
  }

  #tellDecisions(userId: string, seenAs: Role): void {
    const user = this.users.get(userId)
    if (!user) return
    if (user.removedSeq !== null) this.outbox.add({ kind: 'remove', userId, reason: 'removed' })
    else if (user.role !== seenAs) this.outbox.add({ kind: 'role', userId, role: user.role })
  }

  /**
   * A meeting with people in it is compared with its room: with an announced one at once, and with one that nobody has announced in two
   * looks.
   */
  async #lookAtRoom(): Promise<void> {
    try {
      const alive = await this.#kv.alive(occupied)
      if (alive.includes(this.meeting.id) && this.stays.present.length > 0) await this.#compareWithRoom(false)
      const rooms = [...alive, ...(await this.#kv.expired(occupied))]
      const without = this.stays.present.length > 0 && !rooms.includes(this.meeting.id)
      const due = without && this.#missing
      this.#missing = without
      if (due && (await this.#compareWithRoom(true))) this.#missing = false
    } catch (err) {
      this.#world.note(`meetings: nobody says who is in the room (${err instanceof Error ? err.message : ''})`)
    }
  }

  async #compareWithRoom(isLost: boolean): Promise<boolean> {
    const at = epochMs + Math.floor(this.#world.loop.now)
    const asked = request(this.bus, signalingBus.roster, { meetingId: this.meeting.id })
    const roster = await asked.catch(() => null)
    if (roster && (isLost || roster.people.length > 0)) this.stays.compare(roster.people, at)
    return roster !== null
  }
}
