import type { RoomChange } from '@parley/contracts'
import { newId, ProblemError } from '@parley/kit'
import type { LocalSession } from '../session/local-session.ts'
import {
  advance,
  commitOf,
  commitTwice,
  decideAll,
  dropLate,
  noChange,
  settle,
  type CommandResult,
  type Decided,
  type Pending,
  type VersionedFrame,
} from './batch.ts'
import { occupiedTtlMs, readMissed, type Reading } from './catch-up.ts'
import type { Command } from './decide.ts'
import { Exclusive } from './exclusive.ts'
import { NewsInbox } from './news-inbox.ts'
import { relationOf, type CommitNews, type HeadNews } from './news.ts'
import type { RoomDeps } from './room-deps.ts'
import { RoomSessions } from './room-sessions.ts'
import { committed, draft, emptyRoom, headOf, pastOf, type RoomState } from './state.ts'

const maxPending = 2_000
const maxBatch = 64
const maxTries = 20
const readAgainAfterMs = 250
/**
 * A room in which nothing happens is compared with the store so often: a node may have committed a change, and died or lost the bus before
 * it could publish it. That renews the document too.
 */
const renewEveryMs = 20_000

/**
 * One room on one node: the folded state, the commands that wait for a commit, and the sessions that are here. Commands
 * queue while a commit is under way and then commit together. Every answer is either committed or confirmed: a refusal, or
 * "already so", holds for the newest state in the store, never only for the copy here.
 */
export class LiveRoom {
  readonly meetingId: string
  /** Numbers of the newest message, and of the newest edit or deletion, that this node has heard of. */
  chatSeq = 0
  chatRev = 0
  #state: RoomState
  readonly #deps: RoomDeps
  readonly #sessions: RoomSessions
  #pending: Pending[] = []
  readonly #work = new Exclusive(() => this.#goOn())
  /**
   * The store may have another state than this one: news were lost, a reading failed, or a commit got no answer and may have
   * happened, or happen yet. It is read before anything is decided, and on a timer until that succeeds.
   */
  #stale = false
  /**
   * There was such a commit: until another one follows it may still happen, long after the store was read, and nobody would be
   * told. The next commit rules that out, for it names what it follows.
   */
  #unsure = false
  #readAgainAt = 0
  #renewAt = 0
  /** News from other nodes while a commit of ours was under way. */
  readonly #inbox = new NewsInbox()

  constructor(meetingId: string, deps: RoomDeps) {
    this.meetingId = meetingId
    this.#deps = deps
    this.#sessions = new RoomSessions(deps)
    this.#state = emptyRoom(meetingId, newId())
  }

  /** The sessions of this room on this node, by participant id. */
  get locals(): Map<string, LocalSession> {
    return this.#sessions.all
  }

  get state(): RoomState {
    return this.#state
  }

  get idle(): boolean {
    return !this.#work.busy && !this.#stale && !this.#unsure && this.locals.size === 0
  }

  /** How much waits here. */
  get waiting(): { commands: number; news: number } {
    return { commands: this.#pending.length, news: this.#inbox.size }
  }

  /** Reads the room from the store; a room that certainly is not there yet is empty, at version 0. */
  async load(): Promise<void> {
    await this.#readMissed()
  }

  /**
   * Decides `command` on the current state and commits it, unless its caller has given it up by then. Rejects with the problem it
   * is refused with, or `unavailable` when the store does not answer.
   */
  submit(command: Command, isLate?: () => boolean): Promise<CommandResult> {
    if (this.#pending.length >= maxPending)
      return Promise.reject(new ProblemError('unavailable', 'The room is too busy'))
    return new Promise((resolve, reject) => {
      this.#pending.push({ command, isLate, resolve, reject })
      if (!this.#work.busy) void this.#pump()
    })
  }

  /**
   * The result of `look` in the room. If it is nothing here, it looks again at the newest state. Rejects with `unavailable`
   * when that cannot be read.
   */
  async find<T>(look: (state: RoomState) => T | undefined): Promise<T | undefined> {
    return look(this.#state) ?? look((await this.submit({ kind: 'confirm' })).state)
  }

  /** News of the document from another node. */
  hear(news: HeadNews): void {
    if (news.node === this.#deps.node) return
    if (this.#work.busy) this.#inbox.add(news)
    else this.#takeNews(news)
  }

  /**
   * Reads what was missed: after the bus was away, when the store may have lost something, or when this node stood still. Rejects
   * with `unavailable`, and is then tried again on a timer.
   */
  async catchUp(): Promise<void> {
    this.#stale = true
    if (!this.#work.busy) return await this.#work.run(() => this.#readAgain())
    // The commit under way was begun before; without news, a reading follows it.
    this.#inbox.overflow()
    await this.#work.afterNext()
  }

  /** Called on a timer: reads again what could not be read, and keeps the document of a quiet room from running out. */
  tend(now: number): void {
    if (this.#work.busy) return
    if ((this.#stale || this.#unsure) && now >= this.#readAgainAt) {
      this.#readAgainAt = now + readAgainAfterMs
      this.#run(() => (this.#unsure ? this.#fence() : this.#readAgain()))
    } else if (this.#state.seats.size > 0 && now >= this.#renewAt) this.#run(() => this.#renew(now))
  }

  /** Tells the other nodes how far this one is, and what was `restored` just now; a node that is elsewhere reads what it missed. */
  tellHead(restored?: Extract<HeadNews, { kind: 'head' }>['restored']): void {
    const { node, publish } = this.#deps
    const head = headOf(this.#state)
    if (head) publish({ kind: 'head', node, head, ...(restored && { restored }) })
  }

  /** Sends a frame that is not state to everybody here but `except`. */
  broadcast(frame: Buffer, options: { except?: string; droppable?: boolean } = {}): void {
    this.#sessions.broadcast(frame, options)
  }

  #takeNews(news: HeadNews): void {
    const relation = relationOf(news, this.#state)
    if (relation === 'known') return
    if (relation === 'unknown') return this.#readSoon()
    if (news.kind === 'head') {
      const { epoch, version: v, commitId } = news.head
      const { incarnation = '' } = news.restored ?? {}
      const past = pastOf(this.#state)
      const state = committed({ ...this.#state, epoch, v, commits: [], past, incarnation }, commitId)
      return this.#show({ found: 'changes', state, origin: null })
    }
    this.#follow(news)
  }

  #follow({ changes, commitId }: CommitNews): void {
    const after = draft(this.#state)
    const frames = changes.map((change) => advance(after, change))
    this.#adopt(committed(after, commitId), frames, changes)
  }

  /** As a rule the changes that were read are on their way as news. News says more than the difference of two states. True if they came. */
  async #isFollowed({ found, origin, state }: Extract<Reading, { state: RoomState }>): Promise<boolean> {
    if (found !== 'changes' || origin !== null) return false
    const [latest] = state.commits
    for (const news of latest ? await this.#inbox.upTo(latest.commitId) : [])
      if (relationOf(news, this.#state) === 'next') this.#follow(news)
    // They may have gone further than what was read: never back to that.
    return this.#state.commits.some(({ commitId }) => commitId === latest?.commitId)
  }

  #readSoon(): void {
    this.#stale = true
    this.#run(() => this.#readAgain())
  }

  async #readAgain(): Promise<void> {
    await this.#readMissed()
  }

  #run(task: () => Promise<void>): void {
    this.#work
      .run(task)
      .catch((err: unknown) => this.#deps.log.warn({ err, meetingId: this.meetingId }, 'room could not be read'))
  }

  /** Takes what was told meanwhile, then goes on with what has queued. In every case: nobody waits for ever. */
  #goOn(): void {
    try {
      const news = this.#inbox.takeAll()
      if (news === null) this.#readSoon()
      else for (const entry of news) this.hear(entry)
    } catch (err) {
      this.#deps.log.error({ err, meetingId: this.meetingId }, 'news of a room could not be taken; it is read again')
      if (!this.#work.busy) this.#readSoon()
    }
    if (this.#pending.length > 0 && !this.#work.busy) void this.#pump()
  }

  async #pump(): Promise<void> {
    await this.#work.run(async () => {
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

  /**
   * When the store may have lost something: the room is put back at once, but goes on only once all nodes have put back theirs. It is
   * read again meanwhile, for others may put back more, and it may be lost once more.
   */
  async #settle(): Promise<void> {
    const { life } = this.#deps
    while (!life.isSettled) {
      if (headOf(this.#state) !== null) await this.#readMissed()
      await life.settled(readAgainAfterMs)
    }
  }

  /** Decides all on the present state, and commits or confirms it once; false when that was not the newest: it is decided anew. */
  async #tryCommit(batch: Pending[]): Promise<boolean> {
    const { life, node } = this.#deps
    // Before each try: it may be the one before that found out what the store has lost.
    await this.#settle()
    const fresh = this.#stale || headOf(this.#state) === null
    if (fresh) await this.#readMissed()
    // It was this reading that found out: the others have not had the time to put back what they know.
    if (!life.isSettled) return false
    dropLate(batch)
    const before = this.#state
    const decided = decideAll(node, before, batch, life.now())
    // A commit that was under way must not undo this answer.
    const wanted = decided.changes.length === 0 && this.#unsure ? noChange(before) : decided
    if (wanted.changes.length > 0 && !(await this.#commit(wanted, before))) return false
    if (wanted.changes.length === 0 && !fresh && (await this.#readMissed())) return false
    const state = this.#state
    for (const [index, pending] of batch.entries()) settle(pending, decided.outcomes[index], { before, state })
    return true
  }

  /**
   * After a commit without an answer: reads what came of it, and makes one that changes nothing, after which it cannot happen. A room
   * that is not in the store is created empty.
   */
  async #fence(): Promise<void> {
    await this.#readMissed()
    // To commit is to build upon what is there, which is not all that will be put back; it is tried again.
    if (!this.#deps.life.isSettled) return
    await this.#commit(noChange(this.#state), this.#state)
  }

  /** False: the room in the store is not at `before`, and has been read. */
  async #commit(decided: Decided, before: RoomState): Promise<boolean> {
    const { clock, kv, log, node, publish } = this.#deps
    const commit = commitOf(decided, before)
    // Until it is answered: it may be carried out late.
    this.#stale = true
    this.#unsure = true
    const result = await commitTwice({ kv, log }, this.meetingId, commit)
    this.#unsure = false
    if (result.outcome === 'conflict') {
      await this.#readMissed()
      return false
    }
    this.#stale = false
    this.#renewAt = clock.monotonic() + renewEveryMs
    const { commitId, follows, epoch } = commit
    const { changes } = decided
    publish({ kind: 'commit', node, follows: follows ?? { epoch, version: 0, commitId: '' }, commitId, changes })
    this.#adopt(committed(decided.after, commitId), decided.frames, changes)
    return true
  }

  /** Takes on a committed state and tells everybody here what led to it. */
  #adopt(next: RoomState, frames: readonly VersionedFrame[], changes: readonly RoomChange[]): void {
    this.#state = next
    this.#sessions.tellChanges(next, frames, changes)
    this.#deps.onChanges(this, changes)
  }

  /** True when what was known here is not the newest. Rejects with `unavailable`; the room stays stale then. */
  async #readMissed(): Promise<boolean> {
    const before = this.#state
    const reading = await readMissed(this.#deps, before)
    this.#stale = false
    if (reading.found === 'none') this.#state = { ...before, incarnation: reading.incarnation }
    else if (reading.found === 'expired') this.#forget()
    else if (reading.found !== 'nothing-new' && !(await this.#isFollowed(reading))) {
      this.#show(reading)
      // The node that committed it may have died before publishing, so that the others do not know it either.
      if (reading.origin === null) this.tellHead()
    }
    return reading.found !== 'nothing-new' && reading.found !== 'none'
  }

  /** Takes on a state that was read, and tells everybody here. */
  #show({ found, state, origin }: Extract<Reading, { state: RoomState }>): void {
    const before = this.#state
    this.#state = state
    if (found === 'changes') this.#sessions.tellDelta(before, state)
    else this.#sessions.tellSnapshot(state, this)
    if (origin) this.tellHead({ from: origin, incarnation: state.incarnation })
    this.#deps.onChanges(this, [])
  }

  async #renew(now: number): Promise<void> {
    const head = headOf(this.#state)
    this.#renewAt = now + renewEveryMs
    if (head === null || (await this.#deps.kv.docs.renew(this.meetingId, head, occupiedTtlMs))) return
    this.#stale = true
  }

  /** The document ran out, so the meeting is over or nobody was in it for long: whoever still has a socket here asks meetings. */
  #forget(): void {
    this.#sessions.sendElsewhere()
    this.#state = emptyRoom(this.meetingId, newId())
  }
}
