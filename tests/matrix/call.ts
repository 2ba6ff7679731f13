import {
  operations,
  Problem,
  problems,
  problemsOf,
  type Operation,
  type OperationName,
  type ProblemCode,
} from '@parley/contracts'
import { compile } from '@parley/kit'
import type { Expected } from './row.ts'

/** Every operation of the product by its name. */
export const operationsByName: Readonly<Record<string, Operation>> = Object.assign({}, ...Object.values(operations))

interface Input {
  params?: object
  query?: object
  body?: object
  headers?: object
  /** Of an operation that takes bytes. */
  bytes?: string
}
export interface Answer {
  got: Expected
  /** The faults of its form. */
  faults: string[]
  body: unknown
}

/** Calls an operation as the contracts describe it, and checks the form of the answer. */
export async function call(
  url: string,
  name: OperationName,
  { token, input }: { token: string | null; input: Input },
): Promise<Answer> {
  const operation = operationOf(name)
  const { path, rest } = addressOf(operation, input)
  const response = await fetch(`${url}${path}${rest}`, {
    method: operation.method,
    headers: {
      ...input.headers,
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(input.body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(input.body !== undefined && { body: JSON.stringify(input.body) }),
    ...(input.bytes !== undefined && { body: input.bytes }),
    redirect: 'manual',
    signal: AbortSignal.timeout(15_000),
  })
  const type = response.headers.get('content-type') ?? ''
  if (operation.stream !== undefined && response.status === 200) {
    // It has no end: the head is the answer.
    await response.body?.cancel()
    return { got: 200, ...successOf(operation, { status: 200, type, text: '' }) }
  }
  const text = await response.text()
  // The content of a file is its own matter.
  if (operation.bytes?.answer === true && response.ok) return { got: response.status, faults: [], body: text }
  return response.status < 400
    ? { got: response.status, ...successOf(operation, { status: response.status, type, text }) }
    : problemOf(operation, { status: response.status, type, text })
}

function operationOf(name: OperationName): Operation {
  const operation = operationsByName[name]
  if (operation === undefined) throw new Error(`there is no operation ${name}`)
  return operation
}

function addressOf({ path }: Operation, { params = {}, query = {} }: Input): { path: string; rest: string } {
  const values = new Map(Object.entries(params))
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(values.get(name))))
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))
  return { path: filled, rest: search.size === 0 ? '' : `?${search}` }
}

interface Raw {
  status: number
  type: string
  text: string
}

function successOf({ answers }: Operation, { status, type, text }: Raw): { faults: string[]; body: unknown } {
  const schema = answers[status]
  if (schema === undefined) return { faults: [`${status} is not among its answers`], body: null }
  if (schema === null) return { faults: text === '' ? [] : ['a body where none is declared'], body: null }
  const media = (schema as { contentMediaType?: string }).contentMediaType ?? 'application/json'
  if (!type.startsWith(media)) return { faults: [`${type} instead of ${media}`], body: null }
  const body: unknown = media === 'application/json' ? JSON.parse(text) : text
  return { faults: compile(schema)(body).map(({ path, message }) => `${path} ${message}`), body }
}

const problemFaults = compile(Problem)
/** The answers of any operation besides those it declares. */
const general: readonly ProblemCode[] = ['invalid-input', 'unauthenticated', 'token-expired', 'rate-limited']

function problemOf(operation: Operation, { status, type, text }: Raw): Answer {
  if (!type.startsWith('application/problem+json')) {
    return { got: status, faults: [`a problem as ${type || 'nothing'}`], body: text }
  }
  const body = JSON.parse(text) as Problem
  const faults = problemFaults(body).map(({ path, message }) => `${path} ${message}`)
  const known = Object.entries(problems).find(([code]) => code === body.code)
  if (known === undefined) return { got: status, faults: [...faults, `${body.code} is not in the catalogue`], body }
  const code = known[0] as ProblemCode
  if (known[1].status !== status || body.status !== status) faults.push(`${status} with the code ${code}`)
  const declared = [...problemsOf(operation), ...general, ...(operation.auth === 'user' ? ['forbidden'] : [])]
  if (!declared.includes(code)) faults.push(`${code} is not declared`)
  return { got: code, faults, body }
}
