import type { Bus, Clock, Logger, Objects } from '@parley/kit'
import type { FilesConfig } from './config.ts'
import type { Links } from './links.ts'
import type { Rights } from './rights.ts'
import type { Scanner } from './scan/scanner.ts'
import type { FilesDb } from './tables.ts'

/** The dependencies of the file operations. */
export interface FilesContext {
  config: FilesConfig
  db: FilesDb
  bus: Bus
  clock: Clock
  log: Logger
  objects: Objects
  rights: Rights
  links: Links
  /** Null: files are not looked at for viruses. */
  scanner: Scanner | null
}
