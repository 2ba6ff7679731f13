import { erasedName, type Erasure } from '@parley/contracts'

/** Erases one batch of one kind of rows, from a place on; resolves to the next place, null when none is left. */
export type EraseStep = (erasure: Erasure, after: string) => Promise<string | null>

/** Gives one page of one kind of data, from a place on. */
export interface ExportSection {
  section: string
  read(
    user: { userId: string; email: string | null },
    after: string,
  ): Promise<{ items: unknown[]; after: string | null }>
}

/** Rows of a statement of an erasure: far below the statement timeout. */
const eraseBatch = 200
/** Rows of a page of an export: a message on the bus has at most 1 MiB. */
export const exportBatch = 50
const sliceMs = 1_000

/** A step that changes rows until fewer than a batch are left. */
export const untilDone =
  (change: (erasure: Erasure, limit: number) => Promise<number>): EraseStep =>
  async (erasure) =>
    (await change(erasure, eraseBatch)) === eraseBatch ? '' : null

/** Takes steps, from a cursor on, for a second; resolves to where to go on, null when all are done. */
export async function eraseSlice(
  steps: readonly EraseStep[],
  { cursor, ...erasure }: Erasure & { cursor: string | null },
): Promise<{ cursor: string | null }> {
  const until = performance.now() + sliceMs
  let { index, after } = readCursor(cursor)
  for (let step = steps[index]; step !== undefined; step = steps[index]) {
    const next = await step(erasure, after)
    if (next === null) [index, after] = [index + 1, '']
    else after = next
    if (performance.now() > until) break
  }
  return { cursor: index < steps.length ? `${index}:${after}` : null }
}

/** One page of an export, from a cursor on. */
export async function exportSlice(
  sections: readonly ExportSection[],
  { cursor, ...user }: { userId: string; email: string | null; cursor: string | null },
): Promise<{ section: string; items: unknown[]; cursor: string | null }> {
  const { index, after } = readCursor(cursor)
  const section = sections[index]
  if (section === undefined) return { section: '', items: [], cursor: null }
  const page = await section.read(user, after)
  const next = page.after === null ? { index: index + 1, after: '' } : { index, after: page.after }
  return {
    section: section.section,
    items: page.items,
    cursor: next.index < sections.length ? `${next.index}:${next.after}` : null,
  }
}

function readCursor(cursor: string | null): { index: number; after: string } {
  const [, index = '0', after = ''] = /^(\d{1,3}):(.*)$/s.exec(cursor ?? '') ?? []
  return { index: Number(index), after }
}

/**
 * The same JSON without a person: their id becomes the alias, their address goes, and the names beside their id are those of an erased
 * account (`hostName` beside `hostId`).
 */
export function scrubbed(value: unknown, erasure: Pick<Erasure, 'userId' | 'alias' | 'email'>): unknown {
  if (typeof value === 'string') {
    if (value === erasure.userId) return erasure.alias
    return erasure.email !== null && value.toLowerCase() === erasure.email.toLowerCase() ? '' : value
  }
  if (Array.isArray(value)) return value.map((part) => scrubbed(part, erasure))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const isTheirs = entries.some(([, part]) => part === erasure.userId)
  return Object.fromEntries(
    entries.map(([key, part]) => [
      key,
      isTheirs && typeof part === 'string' && /name$/i.test(key) ? erasedName : scrubbed(part, erasure),
    ]),
  )
}
