import type { Doc, DocHead, Incarnation, Kv, Logger, Look } from '@parley/kit'
import { newId, ProblemError } from '@parley/kit'
import { restoredFact } from './apply.ts'
import { isSame } from './news.ts'
import {
  allFields,
  committed,
  draft,
  headOf,
  pastOf,
  readFields,
  stateOf,
  type PastEpoch,
  type RoomState,
} from './state.ts'
import type { StoreLife } from './store-life.ts'

/** The state of a room in the store, for a node that knows some version of it. */
export type Reading =
  /** There certainly is no such room, in this incarnation of the store. */
  | { found: 'none'; incarnation: string }
  | { found: 'nothing-new' }
  /**
   * `changes`: it has gone on from what is known here. `other-state`: it has another history. `origin`: it was restored just now, from
   * this head.
   */
  | { found: 'changes' | 'other-state'; state: RoomState; origin: DocHead | null }
  /** Its time ran out; the store has not lost it. */
  | { found: 'expired' }

export interface CatchUpDeps {
  kv: Pick<Kv, 'docs'>
  life: StoreLife
  log: Logger
}

const maxTries = 8
const minute = 60_000
/** Of a document with people in it, and of one without: from the last commit or renewal on. */
export const occupiedTtlMs = 24 * 60 * minute
const emptyTtlMs = 10 * minute
export const ttlOf = ({ seats }: RoomState): number => (seats.size > 0 ? occupiedTtlMs : emptyTtlMs)

/**
 * Reads what was committed since `known`. If the store has lost the room or commits of it, the room is restored under a new epoch. Its
 * versions go on: of the histories that are told apart, what others have built on stays. Rejects with `unavailable` when
 * the store does not answer, or does not know yet what it has lost.
 */
export async function readMissed(deps: CatchUpDeps, known: RoomState): Promise<Reading> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const look = await lookAt(deps, known)
    if (look.found === 'none' && headOf(known) === null) {
      // The store may have lost the room. It counts as "no such room" once all nodes had the time to put it back.
      deps.life.note(look.incarnation)
      if (deps.life.isSettled) return { found: 'none', incarnation: look.incarnation.id }
      await deps.life.settled()
      continue
    }
    if (look.found === 'none' && look.incarnation.id === known.incarnation) return { found: 'expired' }
    const verdict = evaluate(known, look)
    const current = await deps.life.current(incarnationIn(look, verdict))
    if (!verdict.begins && verdict.state.incarnation === current)
      return verdict.found === 'nothing-new'
        ? { found: verdict.found }
        : { found: verdict.found, state: verdict.state, origin: null }
    const state = await restore(deps, verdict, current)
    const found = verdict.found === 'other-state' ? verdict.found : 'changes'
    if (state !== null) return { found, state, origin: headOf(verdict.state) }
  }
  throw new ProblemError('unavailable', 'The room is being restored')
}

/** The incarnation that a reading shows; of a document that is behind its own, for another node may have found it lost before. */
function incarnationIn(look: Look, { state }: Verdict): string | Incarnation {
  if (look.found === 'none') return look.incarnation
  return look.found === 'other' ? stateOf(look.doc, state).incarnation : state.incarnation
}

/** The writes of a restoration are not among the changes since, nor is the incarnation it was in: such a document is read whole. */
async function lookAt({ kv: { docs } }: CatchUpDeps, known: RoomState): Promise<Look> {
  const look = await docs.look(known.meetingId, headOf(known))
  if (look.found !== 'changes' || look.head.epoch === known.epoch) return look
  const doc = await docs.read(known.meetingId)
  return doc === null ? docs.look(known.meetingId, headOf(known)) : { found: 'other', doc }
}

export interface Verdict {
  /** The history that stays. */
  state: RoomState
  /** The meaning of that to a node that knows `known`. */
  found: 'nothing-new' | 'changes' | 'other-state'
  /** Whether it has to begin a new epoch. */
  begins: boolean
  /** The document in the store now. */
  replaces: DocHead | null
  /** The highest version that anybody may have seen. */
  highest: number
}

/** Which history of a room stays: pure. A commit names its ancestors, so that a branch is never taken for progress. */
export function evaluate(known: RoomState, look: Look): Verdict {
  const mine = { state: known, found: 'nothing-new' as const, highest: known.v }
  switch (look.found) {
    case 'none':
      return { ...mine, begins: true, replaces: null }
    case 'same':
      return { ...mine, begins: false, replaces: headOf(known) }
    case 'changes': {
      const { head } = look
      return { state: goneOn(known, look), found: 'changes', begins: false, replaces: head, highest: head.version }
    }
    case 'other':
      return judgeOther(known, look.doc)
    default:
      return look satisfies never
  }
}

function judgeOther(known: RoomState, doc: Doc): Verdict {
  const { head } = doc
  const where = { replaces: head, highest: Math.max(known.v, head.version) }
  if (isBehind(known, doc)) return { ...where, state: known, found: 'nothing-new', begins: true }
  const theirs = { ...where, state: stateOf(doc, known) }
  const own = headOf(known)
  if (own === null) return { ...theirs, found: 'other-state', begins: false }
  if (doc.origin !== null && isSame(doc.origin, own)) return { ...theirs, found: 'changes', begins: false }
  const sameEpoch = head.epoch === known.epoch
  // Too far back to be told apart from progress; what is shown then is the difference, which is right either way.
  const isLater = sameEpoch && (doc.commits.at(-1)?.version ?? 0) > known.v
  if (isLater) return { ...theirs, found: 'changes', begins: false }
  const begins = sameEpoch || head.version <= known.v || isAnybodyLost(known, theirs.state)
  return { ...theirs, found: 'other-state', begins }
}

/**
 * Whether somebody of the history that goes is not in the one that stays, without having left there. Meetings may have heard of them,
 * and hears who is there when the room is restored.
 */
const isAnybodyLost = ({ seats }: RoomState, stays: RoomState): boolean =>
  [...seats.keys()].some((id) => !stays.seats.has(id) && !stays.parked.has(id) && !stays.departures.has(id))

/** Whether the store has gone back to an ancestor of the state known here and no one built on it. */
function isBehind(known: RoomState, { head, origin, base }: Doc): boolean {
  const isEarlier = (at: DocHead) => at.version < known.v && isAncestor(known, at)
  return isEarlier(head) || (origin !== null && head.version === base && isEarlier(origin))
}

/** In this epoch, or in one that it was restored from. */
const isAncestor = ({ epoch, v, commits, past }: RoomState, head: DocHead): boolean =>
  [{ epoch, version: v, commits }, ...past].some((one) => one.epoch === head.epoch && leadsThrough(one, head))

/** A version older than the remembered ones counts as one. */
function leadsThrough({ commits, version: end }: PastEpoch, { commitId, version }: DocHead): boolean {
  const oldest = commits.at(-1)?.version ?? 0
  return version <= end && (version < oldest || commits.some((commit) => commit.commitId === commitId))
}

function goneOn(known: RoomState, { commits, fields, head }: Extract<Look, { found: 'changes' }>): RoomState {
  const state = draft(known)
  readFields(state, fields)
  return { ...state, epoch: head.epoch, v: head.version, commits }
}

/** The state that a restoration goes on from: also from what it takes the place of, which somebody else may restore once more. */
export function pastWith({ replaces, state }: Pick<Verdict, 'replaces' | 'state'>): RoomState['past'] {
  const past = pastOf(state)
  if (replaces === null || past.some(({ epoch }) => epoch === replaces.epoch)) return past
  const { commitId, epoch, version } = replaces
  return [{ epoch, version, commits: [{ version, commitId }] }, ...past]
}

/** Writes the history that stays under a new epoch; null when somebody else was first. */
async function restore(
  { kv, life, log }: CatchUpDeps,
  verdict: Verdict,
  incarnation: string,
): Promise<RoomState | null> {
  const origin = headOf(verdict.state)
  if (origin === null) throw new Error('only a room that was in the store is restored')
  const restored: RoomState = {
    ...verdict.state,
    epoch: newId(),
    v: verdict.highest + 1,
    commits: [],
    past: pastWith(verdict),
    incarnation,
  }
  const commitId = newId()
  const { outcome } = await kv.docs.restore(restored.meetingId, {
    commitId,
    replaces: verdict.replaces,
    origin,
    epoch: restored.epoch,
    version: restored.v,
    fields: allFields(restored),
    facts: restored.ended ? [] : [JSON.stringify(restoredFact(restored, life.now()))],
    ttlMs: ttlOf(restored),
  })
  if (outcome !== 'committed') return null
  const { meetingId, epoch, v } = restored
  log.warn({ meetingId, origin, epoch, v }, 'the store may have lost this room or a part of it; it was restored')
  return committed(restored, commitId)
}
