export { authConfig, type AuthConfig } from '../config.ts'
export type { Tables } from '../tables.ts'
export { createKeys, type Keys, type ShownKey } from './keys.ts'
export { createUsers, type NewAccount, type OperatorAction, type ShownUser, type Users } from './users.ts'
