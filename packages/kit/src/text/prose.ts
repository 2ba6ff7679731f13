import { hasVisible, nameOfCharacter, nothingToSee, type Read } from './visible.ts'

/** Control characters but tab and line ends, and what no text may have (RFC 8264, 9.11 and 9.3). */
const refused = /[^\P{Cc}\t\n\r]|[\p{Cs}\p{Noncharacter_Code_Point}]/u

/**
 * Reads text of several lines: NFC, lines end in LF, no control characters. A text with nothing to see is an empty one,
 * which is a fault where something must be said.
 */
export function readProse(text: string, mayBeEmpty: boolean): Read {
  const value = text.replace(/\r\n?/g, '\n').normalize('NFC')
  const [odd] = refused.exec(value) ?? []
  if (odd !== undefined) return { fault: `must not contain ${nameOfCharacter(odd)}` }
  if (hasVisible(value)) return { value }
  return mayBeEmpty ? { value: '' } : { fault: nothingToSee }
}
