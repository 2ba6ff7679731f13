import { authBus, meetingsBus } from '@parley/contracts'
import { request } from '@parley/kit'
import type { FilesContext } from './context.ts'
import { dropFiles, eraseDeleted } from './remove.ts'

const batch = 100
const asked = 500
/** In one round; the next round goes on. */
const maxBatches = 50

export interface Sweep {
  /** Deletes what nobody needs any more, a little at a time. Safe on several replicas at once. Rejects when something is away. */
  round(): Promise<void>
}

export function createSweep(context: FilesContext): Sweep {
  const meetings = createRounds()
  const owners = createRounds()
  return {
    async round() {
      await context.links.sweep()
      await repeat(() => dropUnused(context))
      await dropOfMeetings(context, meetings)
      await dropOfAccounts(context, owners)
      await repeat(() => eraseDeleted(context))
    },
  }
}

async function repeat(step: () => Promise<number>): Promise<void> {
  for (let count = 0; count < maxBatches; count += 1) if ((await step()) === 0) return
}

/** Uploads that were never finished, refused files, and what is in no message and no profile. */
async function dropUnused(context: FilesContext): Promise<number> {
  const before = new Date(context.clock.now() - context.config.FILES_KEEP_UNUSED_HOURS * 3_600_000)
  const rows = await context.db
    .selectFrom('files')
    .select('id')
    .where('attached_to', 'is', null)
    .where('deleted_at', 'is', null)
    .where('touched_at', '<', before)
    .limit(batch)
    .execute()
  await dropFiles(
    context,
    rows.map(({ id }) => id),
  )
  return rows.length
}

/** Goes through all ids in order, some each round, and begins anew at the end. */
function createRounds() {
  let after = '00000000-0000-0000-0000-000000000000'
  return {
    after: () => after,
    went: (ids: readonly string[]): void =>
      void (after = ids.length < asked ? '00000000-0000-0000-0000-000000000000' : (ids.at(-1) ?? after)),
  }
}
type Rounds = ReturnType<typeof createRounds>

async function dropOfMeetings(context: FilesContext, rounds: Rounds): Promise<void> {
  const ids = await someIds(context, 'meeting_id', rounds)
  if (ids.length === 0) return
  const { deleted } = await request(context.bus, meetingsBus.deleted, { meetingIds: ids })
  for (const id of deleted) await dropWhere(context, 'meeting_id', id)
}

/** Attachments in messages belong to their meeting by now, and go with it. */
async function dropOfAccounts(context: FilesContext, rounds: Rounds): Promise<void> {
  const ids = await someIds(context, 'owner_id', rounds)
  if (ids.length === 0) return
  const { gone } = await request(context.bus, authBus.gone, { userIds: ids })
  for (const id of gone) await dropWhere(context, 'owner_id', id)
}

async function someIds({ db }: FilesContext, column: 'meeting_id' | 'owner_id', rounds: Rounds): Promise<string[]> {
  const rows = await db
    .selectFrom('files')
    .select(column)
    .distinct()
    .where(column, '>', rounds.after())
    .where('deleted_at', 'is', null)
    .orderBy(column)
    .limit(asked)
    .execute()
  const ids = rows.flatMap((row) => row[column] ?? [])
  rounds.went(ids)
  return ids
}

export async function dropWhere(context: FilesContext, column: 'meeting_id' | 'owner_id', id: string): Promise<void> {
  const all = context.db.selectFrom('files').select('id').where(column, '=', id).where('deleted_at', 'is', null)
  const rows = await (
    column === 'meeting_id'
      ? all
      : all.where((eb) => eb.or([eb('purpose', '=', 'avatar'), eb('attached_to', 'is', null)]))
  ).execute()
  await dropFiles(
    context,
    rows.map((row) => row.id),
  )
}
