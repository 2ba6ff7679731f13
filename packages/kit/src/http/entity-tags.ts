import { ProblemError } from '../problem.ts'

/** An entity tag (RFC 9110, section 8.8.3) and what separates it from the next one. */
const tag = /[ \t]*(?:(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)")?[ \t]*(?:,|$)/y

/**
 * The versions that an If-Match names (RFC 9110, section 13.1.1), null when any will do. A well-formed tag that is not one of ours
 * names none: the condition is false, not the request. We take weak tags for ours too, though the comparison is the strong
 * one: a version tells of every change. A proxy that compresses makes the tag weak on the way to the client.
 * @throws ProblemError `invalid-input`
 */
export function versionsOf(ifMatch: string | undefined): ReadonlySet<number> | null {
  if (ifMatch === undefined || ifMatch.trim() === '*') return null
  const versions = new Set<number>()
  let tags = 0
  tag.lastIndex = 0
  while (tag.lastIndex < ifMatch.length) {
    const found = tag.exec(ifMatch)
    if (found === null) throw malformed()
    const [, value] = found
    if (value === undefined) continue
    tags += 1
    if (/^[1-9]\d{0,8}$/.test(value)) versions.add(Number(value))
  }
  if (tags === 0) throw malformed()
  return versions
}

const malformed = (): ProblemError =>
  new ProblemError('invalid-input', undefined, {
    errors: [{ path: 'headers.if-match', message: 'must be a list of ETags, such as "3", or *' }],
  })
