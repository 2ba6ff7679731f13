import type { UserAttendance } from '@parley/contracts'
import { stringify } from 'csv-stringify/sync'

const columns = ['userId', 'name', 'role', 'firstJoinedAt', 'lastLeftAt', 'totalSeconds', 'joins'] as const

/**
 * A table for spreadsheets (RFC 4180): times are ISO 8601 in UTC; a cell that a spreadsheet would take for a formula gets
 * a `'` before it. Begins with a byte order mark, for Excel to read it as UTF-8.
 */
export const attendanceCsv = (attendances: readonly UserAttendance[]): string =>
  stringify([...attendances], {
    header: true,
    columns: [...columns],
    bom: true,
    escape_formulas: true,
    record_delimiter: 'windows',
  })
