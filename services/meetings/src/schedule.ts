import { ProblemError } from '@parley/kit'

const minute = 60_000
const maxAheadMs = 2 * 366 * 24 * 60 * minute
const maxAgoMs = 5 * minute

/**
 * When a meeting takes place; null: now. `now` is in ms since 1970.
 * @throws ProblemError `invalid-input` for a time long past, or more than two years ahead
 */
export function scheduleOrThrow(scheduledAt: string | undefined, now: number): Date | null {
  if (scheduledAt === undefined) return null
  const at = new Date(scheduledAt)
  if (at.getTime() < now - maxAgoMs) throw fault('/scheduledAt', 'is in the past')
  if (at.getTime() > now + maxAheadMs) throw fault('/scheduledAt', 'is more than two years ahead')
  return at
}

/** @throws ProblemError `invalid-input` unless it is a time zone of the IANA database */
export function timeZoneOrThrow(timeZone: string): string {
  // Offsets such as +05 are understood too, but calendars need a name.
  if (/^[+-]/.test(timeZone) || !isKnown(timeZone)) throw fault('/timeZone', 'is not a known IANA time zone')
  return timeZone
}

function isKnown(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

const fault = (path: string, message: string): ProblemError =>
  new ProblemError('invalid-input', undefined, { errors: [{ path, message }] })
