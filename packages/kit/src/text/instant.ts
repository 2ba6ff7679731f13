import type { Read } from './visible.ts'

const written = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/

/** Reads a time with its offset (RFC 3339) as UTC in milliseconds. Other text stays as it is, for the schema to refuse. */
export function readInstant(text: string): Read {
  const parts = written.exec(text)
  if (parts === null) return { value: text }
  const [, day = '', time = '', fraction = '', offset = ''] = parts
  const local = new Date(`${day}T${time}Z`)
  // JavaScript reads 31 February as 3 March.
  const isReal = !Number.isNaN(local.getTime()) && local.toISOString().startsWith(`${day}T${time}`)
  const at = new Date(`${day}T${time}${fraction.slice(0, 4)}${offset.toUpperCase()}`)
  if (!isReal || Number.isNaN(at.getTime())) return { fault: 'is not a date that exists' }
  return { value: at.toISOString() }
}
