/** Something that is wrong: what, why it matters, and what to type or change. */
export interface Finding {
  what: string
  why: string
  mend: string
}

/** One thing that the doctor looked at. */
export type Report = { check: string } & (
  | { state: 'well'; said?: string }
  | { state: 'findings'; findings: Finding[] }
  /** Nothing is set up to look at. */
  | { state: 'not-set-up'; said: string }
)

/** Looks at one thing; text is what there is to say of one that is well. Rejects only when it could not look. */
export type Look = () => Promise<Finding[] | string | { notSetUp: string }>

/** @throws what `look` threw */
export async function lookAt(check: string, look: Look): Promise<Report> {
  const found = await look()
  if (typeof found === 'string') return { check, state: 'well', said: found }
  if ('notSetUp' in found) return { check, state: 'not-set-up', said: found.notSetUp }
  return found.length === 0 ? { check, state: 'well' } : { check, state: 'findings', findings: found }
}

/** The innermost cause that says anything: what the server or the network said. */
export function causeOf(error: unknown): string {
  let shown = ''
  for (let one: unknown = error, depth = 0; one instanceof Error && depth < 8; one = one.cause, depth += 1) {
    const [first] = one instanceof AggregateError ? one.errors : []
    const said = one.message || (first instanceof Error ? first.message : '')
    if (said !== '') shown = said
  }
  return (shown || String(error)).slice(0, 300)
}
