import type { Read } from './visible.ts'

const written = /^([a-z]{3})([a-z]{4})([a-z]{3})$/

/**
 * Reads the code of a meeting as people type it: capitals and full-width letters, with blanks or any dash between the groups, or
 * nothing. Other text stays as it is, for the schema to refuse.
 */
export function readCode(text: string): Read {
  const letters = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\p{Pd}]+/gu, '')
  const groups = written.exec(letters)
  return { value: groups === null ? text : groups.slice(1).join('-') }
}
