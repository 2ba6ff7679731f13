export { authConfig } from '../config.ts'
export type { Tables } from '../tables.ts'
export { createKeys, type Keys, type ShownKey } from './keys.ts'
export { createUsers, type OperatorAction, type ShownUser, type Users } from './users.ts'
