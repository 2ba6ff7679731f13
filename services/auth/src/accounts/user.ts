import type { User } from '@parley/contracts'
import { shownAddress } from '@parley/kit'
import type { UserRow } from '../tables.ts'

/** A user as the API shows it. */
export const toUser = ({
  id,
  kind,
  email,
  email_verified_at,
  name,
  username,
  created_at,
  updated_at,
  avatar_file_id,
}: UserRow): User => ({
  id,
  kind,
  email: email === null ? null : shownAddress(email),
  emailVerified: email_verified_at !== null,
  name,
  username,
  createdAt: created_at.toISOString(),
  updatedAt: updated_at.toISOString(),
  avatarFileId: avatar_file_id,
  avatarUrl: avatar_file_id === null ? null : `/v1/files/${avatar_file_id}/content`,
})
