import type { OperationInput, OperationName, ProblemCode } from '@parley/contracts'
import type { Scene } from './scene.ts'

/** How one stands to a meeting: the columns of every row, in this order. `guest` is outside, or waits in the lobby. */
export const personas = [
  'host',
  'cohost',
  'participant',
  'exParticipant',
  'invited',
  'stranger',
  'guest',
  'guestInside',
  'nobody',
] as const
export type Persona = (typeof personas)[number]

/** The meetings that rows run on. `lobby`: private, with a waiting room in which `guest` waits. */
export const kinds = ['private', 'public', 'invited_only', 'lobby'] as const
export type Kind = (typeof kinds)[number]

/** A successful status, or the code of a problem. */
export type Expected = number | ProblemCode
type Each<P extends readonly Persona[]> = { readonly [At in keyof P]: Expected }
/** An expectation per persona, in their order. */
export type Columns = Each<typeof personas>

/** One way of calling an operation, and what each persona is to be answered. */
export interface Row<N extends OperationName> {
  /** The peculiarity of this way of calling it. */
  about?: string
  as: Columns
  /** The differences in a meeting of another kind than `private`. */
  on?: Partial<Record<Kind, Partial<Record<Persona, Expected>>>>
  /** The kinds it runs on, all if absent. A success that needs a meeting per cell runs on the first only. */
  where?: readonly Kind[]
  /** The changes of a success: nothing (absent), only who calls (a meeting per row), or the meeting (one per cell). */
  changes?: 'caller' | 'meeting'
  /** An account or guest for this cell alone: success ends sessions. */
  disposable?: true
  request: (scene: Scene) => OperationInput<N> | Promise<OperationInput<N>>
  /** Further conditions on a successful answer; a sentence if it is not. */
  holds?: (body: unknown, scene: Scene) => string | null
}

/** Any row: per name TypeScript cannot follow. */
export type AnyRow = Omit<Row<OperationName>, 'request'> & { request: (scene: Scene) => object | Promise<object> }

/** A row for each way of calling each operation; leaving an operation out does not compile. */
export type Table = { readonly [N in OperationName]: readonly [Row<N>, ...Row<N>[]] }
/** The rows of some operations. */
export type Part<N extends OperationName> = Pick<Table, N>

/** The expected answer to a persona in a meeting of a kind. */
export function expectedOf({ as, on }: Pick<Row<OperationName>, 'as' | 'on'>, kind: Kind, persona: Persona): Expected {
  const expected = on?.[kind]?.[persona] ?? as[personas.indexOf(persona)]
  if (expected === undefined) throw new Error(`no column for ${persona}`)
  return expected
}
