import type { Id } from '@parley/contracts'
import { v7 } from 'uuid'

/** A new id: UUIDv7, so that ids made later sort later, to the millisecond. */
export const newId = (): Id => v7()
