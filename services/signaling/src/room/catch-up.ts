import { newId, type Kv } from '@parley/kit'
import { allFields, draft, emptyRoom, readFields, type RoomState } from './state.ts'

/** What the store has that a node has not: nothing, changes since its version, another state altogether, or less than it. */
export type Reading =
  | { found: 'nothing-new' }
  | { found: 'changes'; state: RoomState }
  | { found: 'other-state'; state: RoomState }
  /** The store has lost the room that this node still knows. */
  | { found: 'gone' }

/** Reads what was committed since `known`. Rejects with `unavailable` when the store does not answer. */
export async function readMissed({ docs }: Kv, known: RoomState): Promise<Reading> {
  const missed = known.v === 0 ? null : await docs.since(known.meetingId, known.epoch, known.v)
  if (missed === null) return readWhole(docs, known)
  if (missed.version === known.v) return { found: 'nothing-new' }
  const state = draft(known)
  readFields(state, missed.fields)
  state.v = missed.version
  return { found: 'changes', state }
}

async function readWhole(docs: Kv['docs'], known: RoomState): Promise<Reading> {
  const doc = await docs.read(known.meetingId)
  if (doc === null) return { found: known.v === 0 ? 'nothing-new' : 'gone' }
  if (doc.epoch === known.epoch && doc.version === known.v) return { found: 'nothing-new' }
  const state = draft(emptyRoom(known.meetingId, doc.epoch))
  readFields(state, doc.fields)
  state.v = doc.version
  return { found: 'other-state', state }
}

/** Puts a lost room back as `known`, under a new epoch. The first node wins; what stands then is for the next reading. */
export async function putBack({ docs }: Kv, known: RoomState, ttlMs: number): Promise<void> {
  const commit = { commitId: newId(), epoch: newId(), expected: 0, steps: [allFields(known)], facts: [], ttlMs }
  await docs.commit(known.meetingId, commit)
}
