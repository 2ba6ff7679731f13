import type { ParamsOf } from '@parley/contracts'
import { checkToken } from './subjects.ts'

const placeholder = /\{([^}]+)\}/g

/** The subject with its `{name}` tokens replaced. Throws if one is missing or is not one plain token. */
export function fillSubject<Subject extends string>(subject: Subject, params: ParamsOf<Subject>): string {
  const values: Readonly<Record<string, string>> = params
  return subject.replace(placeholder, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new TypeError(`${subject} needs ${name}`)
    checkToken(value)
    return value
  })
}

/** The subject with `*` for each `{name}` token. */
export const wildSubject = (subject: string): string => subject.replace(placeholder, '*')

/** The values of the `{name}` tokens in a subject that was received. */
export function readParams<Subject extends string>(subject: Subject, received: string): ParamsOf<Subject> {
  const given = received.split('.')
  const named = subject
    .split('.')
    .map((part, index) => [part, given[index] ?? ''] as const)
    .filter(([part]) => part.startsWith('{'))
    .map(([part, value]) => [part.slice(1, -1), value] as const)
  // The names come from the subject itself, which TypeScript cannot follow through a split.
  return Object.fromEntries(named) as ParamsOf<Subject>
}
