import type { FilePurpose, StoredFile } from '@parley/contracts'
import type { KeptTables } from '@parley/kit'
import type { Generated, Insertable, Kysely, Selectable } from 'kysely'

export interface FilesTables extends KeptTables {
  files: FilesTable
  file_parts: PartsTable
  link_keys: LinkKeysTable
}
export type FilesDb = Kysely<FilesTables>

interface FilesTable {
  id: string
  purpose: FilePurpose
  owner_id: string
  meeting_id: string | null
  name: string
  /** The type that its owner claimed. */
  declared_type: string
  /** The type of its bytes; null until they were looked at. */
  content_type: Generated<string | null>
  size_bytes: number
  part_bytes: number
  /** Of the storage; null once the bytes are put together. */
  upload_id: string | null
  status: StoredFile['status']
  /** Why it was refused. */
  refusal: Generated<string | null>
  width: Generated<number | null>
  height: Generated<number | null>
  /** Null: there is no preview. */
  preview_bytes: Generated<number | null>
  attached_to: Generated<string | null>
  lease: Generated<string | null>
  leased_until: Generated<Date | null>
  created_at: Date
  touched_at: Date
  deleted_at: Generated<Date | null>
}
export type FileRow = Selectable<FilesTable>
export type NewFile = Insertable<FilesTable>

interface PartsTable {
  file_id: string
  /** From 1. */
  number: number
  size_bytes: number
}

interface LinkKeysTable {
  /** 256 random bits, base64url. */
  key: string
  created_at: Date
}
