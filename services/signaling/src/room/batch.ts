import type { RoomChange } from '@parley/contracts'
import { newId, ProblemError, type CommitResult, type DocCommit, type Kv, type Logger } from '@parley/kit'
import { apply, factsOf, fieldsOf, render } from './apply.ts'
import { ttlOf } from './catch-up.ts'
import { decideOn, type Command, type Refusal } from './decide.ts'
import { messageFrame } from './frames.ts'
import { draft, headOf, incarnationField, type RoomDraft, type RoomState } from './state.ts'

/** The outcome of a command: the room before it and at the commit that carried it out, and which of its changes were this command's. */
export interface CommandResult {
  before: RoomState
  state: RoomState
  changes: readonly RoomChange[]
}

/** The room has carried out commands of meetings that the grant to enter does not know of: meetings decides again. */
export class OutdatedGrantError extends ProblemError {}

/** A command that waits for its commit. */
export interface Pending {
  command: Command
  /** Whether the caller has given it up: then it must not happen. */
  isLate?: (() => boolean) | undefined
  resolve(result: CommandResult): void
  reject(error: Error): void
}

export interface VersionedFrame {
  v: number
  frame: Buffer
}

/** Carries out a change in a draft; its broadcast is rendered, serialised and framed here, once. */
export function advance(room: RoomDraft, change: RoomChange): VersionedFrame {
  apply(room, change)
  return { v: room.v, frame: messageFrame(render(change, room)) }
}

/** A batch of commands, decided: what to commit, and what to tell once that is done. */
export interface Decided {
  changes: RoomChange[]
  frames: VersionedFrame[]
  steps: Record<string, string | null>[]
  facts: string[]
  outcomes: (Refusal | RoomChange[])[]
  after: RoomState
}

/** Decides one command after the other, each on the state that the ones before it leave. */
export function decideAll(node: string, before: RoomState, batch: readonly Pending[], now: number): Decided {
  const after = draft(before)
  const decided: Decided = { changes: [], frames: [], steps: [], facts: [], outcomes: [], after }
  for (const { command } of batch) {
    const verdict = decideOn(node, after, command, now)
    decided.outcomes.push(verdict)
    if (!Array.isArray(verdict)) continue
    for (const change of verdict) {
      const previous = change.kind === 'ended' || change.kind === 'left' ? draft(after) : after
      decided.frames.push(advance(after, change))
      decided.changes.push(change)
      decided.steps.push(fieldsOf(change, after, previous))
      decided.facts.push(...factsOf(change, previous, after, now).map((fact) => JSON.stringify(fact)))
    }
  }
  return decided
}

/** One version more, in which all is as before. */
export function noChange(before: RoomState): Decided {
  const after = draft(before)
  const change: RoomChange = { kind: 'noted', seq: before.commandSeq }
  const frames = [advance(after, change)]
  return { changes: [change], frames, steps: [fieldsOf(change, after, after)], facts: [], outcomes: [], after }
}

/** The commit of what was decided; a room that is not in the store yet is created in the incarnation of `before`. */
export function commitOf({ steps, facts, after }: Decided, before: RoomState): DocCommit {
  const follows = headOf(before)
  const [first, ...others] = steps
  return {
    commitId: newId(),
    follows,
    epoch: before.epoch,
    ...(follows === null && { incarnation: before.incarnation }),
    steps: follows === null ? [{ ...first, ...incarnationField(before.incarnation) }, ...others] : steps,
    facts,
    ttlMs: ttlOf(after),
  }
}

/** A command that its caller gave up never happens. */
export function dropLate(batch: Pending[]): void {
  for (const pending of batch.filter(({ isLate }) => isLate?.())) {
    batch.splice(batch.indexOf(pending), 1)
    pending.reject(new ProblemError('deadline-exceeded', 'The room could not be changed in time'))
  }
}

/** Tells the one who waits for a command what became of it. */
export function settle(
  { resolve, reject }: Pending,
  outcome: Refusal | RoomChange[] | undefined,
  states: Pick<CommandResult, 'before' | 'state'>,
): void {
  if (outcome === undefined) reject(new ProblemError('internal'))
  else if (Array.isArray(outcome)) resolve({ ...states, changes: outcome })
  else if (outcome.outdated) reject(new OutdatedGrantError(outcome.refused, outcome.detail))
  else reject(new ProblemError(outcome.refused, outcome.detail))
}

/** A commit whose answer was lost may have happened: the same commit id asks again without doing it twice. */
export async function commitTwice(
  { kv, log }: { kv: Pick<Kv, 'docs'>; log: Logger },
  meetingId: string,
  commit: DocCommit,
): Promise<CommitResult> {
  try {
    return await kv.docs.commit(meetingId, commit)
  } catch (err) {
    log.warn({ err, meetingId }, 'commit got no answer, asking again')
    return await kv.docs.commit(meetingId, commit)
  }
}
