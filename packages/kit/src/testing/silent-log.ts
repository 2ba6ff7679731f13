import { pino } from 'pino'
import type { Logger } from '../logger.ts'

/** A log that keeps nothing, for tests that provoke errors. */
export const silentLog = (): Logger => pino({ level: 'silent' })
