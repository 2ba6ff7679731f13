import type { KeptTables } from '@parley/kit'

/** The schema `media`. */
export type MediaTables = KeptTables
