import type { KeptTables } from '@parley/kit'
import type { FilesTables } from './files/tables.ts'
import type { RecordingTables } from './recordings/tables.ts'
import type { SfuTables } from './sfu/sfu-tables.ts'

/** The schema `media`. */
export interface MediaTables extends KeptTables, FilesTables, SfuTables, RecordingTables {}
