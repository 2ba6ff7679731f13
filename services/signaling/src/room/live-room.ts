import type { Change, RoomNews } from '@parley/contracts'
import { newId, ProblemError, type Clock, type Kv, type Logger } from '@parley/kit'
import type { LocalSession } from '../session/local-session.ts'
import { Pace } from '../socket/pace.ts'
import { WriteBatch } from '../socket/write-batch.ts'
import { advance, commitTwice, decideAll, settle, type Carried, type Pending, type VersionedFrame } from './batch.ts'
import { putBack, readMissed } from './catch-up.ts'
import type { Command } from './decide.ts'
import { messageFrame } from './frames.ts'
import { deltaBetween, draft, emptyRoom, snapshotFor, type RoomState } from './state.ts'

export interface RoomDeps {
  node: string
  kv: Kv
  clock: Clock
  log: Logger
  /** Tells the other nodes of this room; lost when the bus is down, which they notice by the version. */
  publish(news: RoomNews): void
  onDelivered(count: number): void
  /** After changes were taken on: what concerns others than those in the room. None: it was read, and is another. */
  onChanges(room: LiveRoom, changes: readonly Change[]): void
}

const maxPending = 2_000
const maxBatch = 64
const maxTries = 20
const maxBufferedNews = 1_000
const occupiedTtlMs = 24 * 3_600_000
const emptyTtlMs = 10 * 60_000

/**
 * One room on one node: the folded state, the commands that wait for a commit, and the sessions that are here. Commands
 * queue while a commit is under way and then commit together.
 */
export class LiveRoom {
  readonly meetingId: string
  readonly locals = new Map<string, LocalSession>()
  /** Numbers of the newest message, and of the newest edit or deletion, that this node has heard of. */
  chatSeq = 0
  chatRev = 0
  #state: RoomState
  readonly #deps: RoomDeps
  readonly #batch = new WriteBatch()
  readonly #pace = new Pace()
  #pending: Pending[] = []
  #busy = false
  /** A commit got no answer: what it would have changed may have happened, or may happen yet. */
  #unsure = false
  /** The task that makes it busy, or the last one. */
  #working: Promise<void> = Promise.resolve()
  /** What other nodes told while a commit of ours was under way; null: too much to keep, read the store instead. */
  #news: Extract<RoomNews, { kind: 'commit' }>[] | null = []

  constructor(meetingId: string, deps: RoomDeps) {
    this.meetingId = meetingId
    this.#deps = deps
    this.#state = emptyRoom(meetingId, newId())
  }

  get state(): RoomState {
    return this.#state
  }

  get idle(): boolean {
    return !this.#busy && this.locals.size === 0
  }

  /** How much waits here. */
  get waiting(): { commands: number; news: number } {
    return { commands: this.#pending.length, news: this.#news?.length ?? 0 }
  }

  /** Reads the room from the store; a room that is not there yet is empty, at version 0. */
  async load(): Promise<void> {
    await this.#readMissed()
  }

  /**
   * Decides `command` on the current state and commits it. Rejects with the problem it is refused with, or `unavailable`
   * when the store does not answer.
   */
  submit(command: Command): Promise<Carried> {
    if (this.#pending.length >= maxPending)
      return Promise.reject(new ProblemError('unavailable', 'The room is too busy'))
    return new Promise((resolve, reject) => {
      this.#pending.push({ command, resolve, reject })
      if (!this.#busy) void this.#pump()
    })
  }

  /** A commit of another node. */
  hear(news: Extract<RoomNews, { kind: 'commit' }>): void {
    if (news.node === this.#deps.node) return
    if (!this.#busy) return this.#takeNews(news)
    if (this.#news === null || this.#news.length >= maxBufferedNews) this.#news = null
    else this.#news.push(news)
  }

  /** Reads what was missed: after the bus was away, on a gap, or when this node stood still. Rejects with `unavailable`. */
  async catchUp(): Promise<void> {
    if (!this.#busy) return await this.#alone(() => this.#readMissed())
    // What is under way was begun before; without news, a reading follows it.
    this.#news = null
    await Promise.allSettled([this.#working])
    await this.#working
  }

  /** Tells the other nodes how far this one is; who is behind reads what it missed. */
  tellVersion(): void {
    const { node, publish } = this.#deps
    const { v, epoch } = this.#state
    if (v > 0) publish({ kind: 'commit', node, epoch, from: v, changes: [] })
  }

  /** Sends a frame that is not state to everybody here but `except`. */
  broadcast(frame: Buffer, options: { except?: string; droppable?: boolean } = {}): void {
    const delivery = { batch: this.#pacedBatch(), droppable: options.droppable ?? false }
    for (const session of this.locals.values()) {
      if (session.participantId !== options.except) session.deliver(frame, null, delivery)
    }
    this.#deps.onDelivered(this.locals.size)
  }

  /** What is broadcast leaves at once while the room is quiet; else within the window of its pace. */
  #pacedBatch(): WriteBatch {
    this.#batch.waitMs = this.#pace.next(this.#deps.clock.now())
    return this.#batch
  }

  #takeNews(news: Extract<RoomNews, { kind: 'commit' }>): void {
    const { v, epoch } = this.#state
    if (news.epoch === epoch && news.from + news.changes.length <= v) return
    if (news.epoch !== epoch || news.from > v) return this.#run(() => this.#readMissed())
    const next = draft(this.#state)
    const missing = news.changes.slice(v - news.from)
    this.#adopt(
      next,
      missing.map((change) => advance(next, change)),
      missing,
    )
  }

  /** Runs a task that awaits the store as the room's only one, then goes on with what has queued. */
  #alone(task: () => Promise<void>): Promise<void> {
    this.#working = this.#work(task)
    return this.#working
  }

  async #work(task: () => Promise<void>): Promise<void> {
    this.#busy = true
    try {
      await task()
    } finally {
      this.#busy = false
      try {
        this.#settleNews()
      } catch (err) {
        this.#deps.log.error({ err, meetingId: this.meetingId }, 'news of a room could not be taken; it is read again')
        this.#run(() => this.#readMissed())
      } finally {
        // Whatever becomes of the news: who waits for a commit must not wait for ever.
        if (this.#pending.length > 0 && !this.#busy) void this.#pump()
      }
    }
  }

  #run(task: () => Promise<void>): void {
    this.#alone(task).catch((err: unknown) =>
      this.#deps.log.warn({ err, meetingId: this.meetingId }, 'room could not be read'),
    )
  }

  #settleNews(): void {
    const news = this.#news
    this.#news = []
    if (news === null) return this.#run(() => this.#readMissed())
    for (const entry of news) {
      if (this.#busy) this.#news?.push(entry)
      else this.#takeNews(entry)
    }
  }

  async #pump(): Promise<void> {
    await this.#alone(async () => {
      while (this.#pending.length > 0) await this.#commitBatch(this.#pending.splice(0, maxBatch))
    })
  }

  async #commitBatch(batch: Pending[]): Promise<void> {
    try {
      for (let tries = 0; tries < maxTries; tries++) if (await this.#tryCommit(batch)) return
      throw new ProblemError('unavailable', 'The room is too busy')
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error))
      for (const { reject } of batch) reject(cause)
    }
  }

  /** Decides all on the present state and commits once; false when another node was first and it must be decided anew. */
  async #tryCommit(batch: Pending[]): Promise<boolean> {
    const { clock, kv, log, node, publish } = this.#deps
    if (this.#unsure) await this.#readMissed()
    this.#unsure = false
    const before = this.#state
    const decided = decideAll(node, before, batch, clock.now())
    if (decided.changes.length > 0) {
      // Until it is answered: it may be carried out late, and what is no change on the state here may be one then.
      this.#unsure = true
      const result = await commitTwice({ kv, log }, this.meetingId, {
        commitId: newId(),
        epoch: before.epoch,
        expected: before.v,
        steps: decided.steps,
        facts: decided.facts,
        ttlMs: decided.after.seats.size > 0 ? occupiedTtlMs : emptyTtlMs,
      })
      this.#unsure = false
      if (result.outcome === 'conflict') {
        await this.#readMissed()
        return false
      }
      publish({ kind: 'commit', node, epoch: before.epoch, from: before.v, changes: decided.changes })
      this.#adopt(decided.after, decided.frames, decided.changes)
    }
    const state = this.#state
    for (const [index, pending] of batch.entries()) settle(pending, decided.outcomes[index], state)
    return true
  }

  /** Takes on a committed state and tells everybody here what led to it. */
  #adopt(next: RoomState, frames: readonly VersionedFrame[], changes: readonly Change[]): void {
    this.#state = next
    for (const change of changes) if (change.kind === 'left') this.#sendAway(change)
    const delivery = { batch: this.#pacedBatch() }
    for (const session of this.locals.values()) for (const { v, frame } of frames) session.deliver(frame, v, delivery)
    this.#deps.onDelivered(this.locals.size * frames.length)
    if (next.ended) this.#closeAll()
    this.#deps.onChanges(this, changes)
  }

  /** Who was removed is told and closed; who left or timed out has no socket here any more, or asked for it elsewhere. */
  #sendAway({
    participantId,
    reason,
    by,
  }: Pick<Extract<Change, { kind: 'left' }>, 'participantId' | 'reason' | 'by'>): void {
    const session = this.locals.get(participantId)
    if (!session?.attached || reason === 'timeout') return
    this.locals.delete(participantId)
    if (reason !== 'kicked') return session.close('normal')
    session.close('removed', messageFrame({ type: 'room.kicked', payload: { reason: 'removed', ...(by && { by }) } }))
  }

  #closeAll(): void {
    for (const session of this.locals.values()) session.close('meetingEnded')
    this.locals.clear()
  }

  async #readMissed(): Promise<void> {
    const { kv, log } = this.#deps
    let reading = await readMissed(kv, this.#state)
    if (reading.found === 'gone') {
      log.warn({ meetingId: this.meetingId, v: this.#state.v }, 'the store has lost this room; it is put back')
      await putBack(kv, this.#state, occupiedTtlMs)
      reading = await readMissed(kv, this.#state)
    }
    if (reading.found === 'changes') this.#showChanges(reading.state)
    else if (reading.found === 'other-state') this.#showState(reading.state)
  }

  #showChanges(next: RoomState): void {
    const before = this.#state
    this.#state = next
    const frame = messageFrame({ type: 'room.delta', payload: deltaBetween(before, next) })
    for (const session of this.locals.values()) session.deliver(frame, next.v)
    for (const participantId of before.seats.keys()) {
      const gone = !next.seats.has(participantId) && !next.parked.has(participantId)
      if (gone) this.#sendAway({ participantId, reason: 'kicked' })
    }
    this.#endIfOver()
    this.#deps.onChanges(this, [])
  }

  #showState(next: RoomState): void {
    this.#state = next
    for (const session of this.locals.values()) {
      const self = next.seats.get(session.participantId)?.participant
      if (!self) continue
      session.deliver(messageFrame({ type: 'room.snapshot', payload: snapshotFor(next, self, this) }), next.v)
    }
    this.#endIfOver()
    this.#deps.onChanges(this, [])
  }

  #endIfOver(): void {
    if (!this.#state.ended) return
    const frame = messageFrame({ type: 'room.ended', payload: { reason: this.#state.ended } })
    for (const session of this.locals.values()) session.deliver(frame, null)
    this.#closeAll()
  }
}
