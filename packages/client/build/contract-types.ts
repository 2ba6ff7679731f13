import * as contracts from '@parley/contracts'
import {
  docComment,
  headersOf,
  meetingEvents,
  operations,
  printHere,
  printType,
  userEvents,
  type NameOfSchema,
  type Operation,
  type PrintableSchema,
} from '@parley/contracts'

/** The exported schemas that are worth a name: objects and unions. A string has none, for `Id` says no more than `string`. */
const named = new Map<string, PrintableSchema>(
  Object.entries<unknown>(contracts).filter((entry): entry is [string, PrintableSchema] => {
    const value = entry[1]
    return typeof value === 'object' && value !== null && ('properties' in value || 'anyOf' in value)
  }),
)
const nameBySchema = new Map([...named].map(([name, schema]) => [schema, name]))
/** An optional schema is a copy, which still has the title. */
const nameOf: NameOfSchema = (schema) =>
  nameBySchema.get(schema) ?? (schema.title !== undefined && named.has(schema.title) ? schema.title : undefined)

/** The rows of all tables of REST operations. */
const rows = Object.values(operations).flatMap((table) => Object.entries<Operation>(table))

/** Every type by its name, as it is written. */
const printed = new Map<string, string>([
  ...[...named].map(([name, schema]) => [name, printHere(schema, nameOf)] as const),
  ['MeetingEvent', eventsOf(meetingEvents)],
  ['UserEvent', eventsOf(userEvents)],
  ['Operations', `{\n${rows.map(([name, row]) => printOperation(name, row)).join('')}}`],
  ['OperationName', 'keyof Operations'],
  ['StreamName', namesWhere(({ stream }) => stream !== undefined)],
  ['BytesName', namesWhere(({ bytes }) => bytes !== undefined)],
])
/** Those that take the name of an operation. */
const generic = [
  "export type OperationInput<N extends OperationName> = Operations[N]['input']",
  "export type OperationAnswer<N extends OperationName> = Operations[N]['answer']",
]

/**
 * The types of the contracts that have these names (all unless told), and those that they name. The result is TypeScript that needs nothing
 * else. Those of
 * `@parley/contracts` are computed from schemas by TypeBox, which a user of the SDK does not have.
 */
export function contractTypes(wanted: readonly string[] = [...printed.keys()]): string {
  const reached = new Set<string>()
  const reach = (name: string): void => {
    const text = printed.get(name)
    if (text === undefined || reached.has(name)) return
    reached.add(name)
    for (const [word] of withoutComments(text).matchAll(/\b[A-Z]\w+/g)) reach(word)
  }
  for (const name of [...wanted, 'Operations']) reach(name)
  return [...[...reached].map((name) => `export type ${name} = ${printed.get(name)}`), ...generic, ''].join('\n')
}

/** The names of the schemas that are printed; a test compares them with what TypeBox computes. */
export const schemaNames: readonly string[] = [...named.keys()]

function namesWhere(holds: (operation: Operation) => boolean): string {
  const names = rows.filter(([, operation]) => holds(operation))
  return names.map(([name]) => JSON.stringify(name)).join(' | ')
}

function eventsOf(events: Readonly<Record<string, object>>): string {
  const members = Object.entries(events)
  return members
    .map(([type, schema]) => `{ type: ${JSON.stringify(type)}; data: ${printType(schema, nameOf)} }`)
    .join(' | ')
}

const withoutComments = (text: string): string => text.replaceAll(/\/\*\*.*?\*\//g, '')

function printOperation(name: string, operation: Operation): string {
  const { summary, params, query, body, answers } = operation
  const input = Object.entries({ params, query, body, headers: headersOf(operation) })
  const parts = input.map(([part, schema]) => {
    if (schema === undefined) return ''
    const mark = (schema.required ?? []).length > 0 ? '' : '?'
    return `${part}${mark}: ${printType(schema, nameOf)}\n`
  })
  const answer = Object.values(answers).map((schema) => (schema === null ? 'null' : printType(schema, nameOf)))
  const taken = parts.join('')
  return `${docComment(summary)}${name}: { input: ${taken === '' ? 'unknown' : `{\n${taken}}`}; answer: ${[...new Set(answer)].join(' | ')} }\n`
}
