import type { Role } from './role.ts'

export * from './role.ts'

/** The rights of a role in a live room beyond taking part. */
export type Permission = 'moderate' | 'admit' | 'end' | 'record'

const granted: Record<Role, readonly Permission[]> = {
  host: ['moderate', 'admit', 'end', 'record'],
  cohost: ['moderate', 'admit', 'record'],
  participant: [],
  guest: [],
}

/** Whether `role` has `permission`. */
export const may = (role: Role, permission: Permission): boolean => granted[role].includes(permission)
