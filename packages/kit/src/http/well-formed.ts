import type { Faults } from './faults.ts'

const message = 'must be well-formed Unicode: it has half of a surrogate pair'
const most = 20

/**
 * The strings of a JSON value, names of fields too, that have half of a surrogate pair (RFC 8259, section 8.2): databases refuse them
 * or change them silently. Each with its JSON pointer, the first 20 of them. Not recursive: a body may be nested deeply.
 */
export function illFormedTexts(value: unknown): Faults {
  const faults: Faults = []
  const open: { path: string; value: unknown }[] = [{ path: '', value }]
  for (let next = open.pop(); next !== undefined && faults.length < most; next = open.pop()) {
    const { path, value: here } = next
    if (typeof here === 'string') {
      if (!here.isWellFormed()) faults.push({ path, message })
    } else if (typeof here === 'object' && here !== null) {
      for (const [name, inner] of Object.entries(here)) {
        if (!name.isWellFormed()) faults.push({ path, message: 'has a field whose name is not well-formed Unicode' })
        else if (inner !== null && (typeof inner === 'string' || typeof inner === 'object'))
          open.push({ path: `${path}/${pointerStep(name)}`, value: inner })
      }
    }
  }
  return faults
}

/** A name as a step of a JSON pointer (RFC 6901). */
export const pointerStep = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')
