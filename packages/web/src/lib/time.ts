/** `Good morning`, by the hour (0–23) of the reader's clock. */
export function greeting(hour: number): string {
  if (hour < 5) return 'Good evening'
  if (hour < 12) return 'Good morning'
  return hour < 18 ? 'Good afternoon' : 'Good evening'
}

/** `Today, 14:30`, `Tomorrow, 09:00`, `Thu 3 Dec, 09:00`, in the reader's time zone and language. */
export function formatWhen(instant: string, now: Date): string {
  const date = new Date(instant)
  const time = date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
  const days = Math.round((midnight(date) - midnight(now)) / 86_400_000)
  if (days === 0) return `Today, ${time}`
  if (days === 1) return `Tomorrow, ${time}`
  if (days === -1) return `Yesterday, ${time}`
  return `${date.toLocaleDateString(undefined, { weekday: 'short', day: 'numeric', month: 'short' })}, ${time}`
}

const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()

/** `14:30`, in the reader's time zone and language. */
export const formatTime = (instant: string): string =>
  new Date(instant).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })

/** `Mon 09:00 in Asia/Tokyo`; null if the clocks there show what the reader's show then, or the browser knows no such zone. */
export function timeElsewhere(instant: string, timeZone: string): string | null {
  if (!isZone(timeZone)) return null
  const date = new Date(instant)
  const format = { weekday: 'short', hour: '2-digit', minute: '2-digit' } as const
  const there = date.toLocaleTimeString(undefined, { ...format, timeZone })
  return there === date.toLocaleTimeString(undefined, format) ? null : `${there} in ${timeZone.replaceAll('_', ' ')}`
}

function isZone(timeZone: string): boolean {
  try {
    return Intl.DateTimeFormat(undefined, { timeZone }) instanceof Intl.DateTimeFormat
  } catch {
    return false
  }
}

/** `3 December 2026`, in the reader's time zone and language. */
export const formatDate = (instant: string): string =>
  new Date(instant).toLocaleDateString(undefined, { day: 'numeric', month: 'long', year: 'numeric' })

/** How long something has lasted: `4:05`, `1:02:03`. */
export function formatElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const two = (n: number) => String(n).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** The value of a `datetime-local` field for a date: the next full half hour after it. */
export function nextHalfHour(date: Date): string {
  return toFieldValue(new Date(Math.ceil((date.getTime() + 1) / 1_800_000) * 1_800_000))
}

/** A date as the value of a `datetime-local` field, in the reader's time zone. */
export function toFieldValue(next: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${next.getFullYear()}-${two(next.getMonth() + 1)}-${two(next.getDate())}T${two(next.getHours())}:${two(next.getMinutes())}`
}
