import type { Meeting } from '@parley/contracts'

/** How far a stream of a meeting has come; it is the id of each event, opaque to clients. */
export interface Cursor {
  /** Of the room; empty while it has never been used. */
  epoch: string
  v: number
  /** Of the newest chat message, and of the newest edit or deletion. */
  seq: number
  rev: number
  /** See `statusOf`. */
  status: number
}

const text = /^([0-9a-f-]{0,36})\.(\d{1,15})\.(\d{1,15})\.(\d{1,15})\.(\d{1,15})$/

export const writeCursor = ({ epoch, v, seq, rev, status }: Cursor): string => `${epoch}.${v}.${seq}.${rev}.${status}`

/** Null for what is not one of ours: such a stream begins anew. */
export function readCursor(id: string | undefined): Cursor | null {
  const [, epoch, ...numbers] = text.exec(id ?? '') ?? []
  const [v, seq, rev, status] = numbers.map(Number)
  if (epoch === undefined || v === undefined || seq === undefined || rev === undefined || status === undefined)
    return null
  return { epoch, v, seq, rev, status }
}

const ranks: Record<Meeting['status'], number> = { scheduled: 0, waiting: 1, live: 2, ended: 3, cancelled: 4 }

/** A number that grows with each change of a meeting: its status changes without its version as time goes by. */
export const statusOf = ({ version, status }: Meeting): number => version * 8 + ranks[status]
