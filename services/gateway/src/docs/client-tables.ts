import {
  fromClient,
  fromServer,
  operations,
  problems,
  type ClientMessage,
  type Operation,
  type ProblemCode,
} from '@parley/contracts'

/** The problems that the SDK makes itself. */
const local: readonly ProblemCode[] = [
  'invalid-input',
  'unauthenticated',
  'forbidden',
  'not-admitted',
  'removed-from-meeting',
  'not-found',
  'resume-failed',
  'wrong-state',
  'meeting-over',
  'too-large',
  'rate-limited',
  'internal',
  'unavailable',
  'deadline-exceeded',
]

/** The source of `packages/client/src/tables.ts`: what the SDK needs of the tables at run time. Schemas stay out of its bundle. */
export function clientTables(): string {
  const calls = Object.values(operations)
    .flatMap((table) => Object.entries<Operation>(table))
    .map(([name, operation]) => `  ${name}: '${callOf(operation)}',`)
  const answers = Object.entries<ClientMessage>(fromClient).map(
    ([type, message]) => `  ${quoted(type)}: '${Object.keys(message.answers).join(' ')}',`,
  )
  return [
    '/* Made from the contracts by services/gateway/src/docs/write.ts. A check fails while it is not what they say. */',
    "import type { ClientType, OperationName } from '@parley/contracts'",
    '',
    '/** Method, path, who may call, whether it may be repeated; `json`: it has such a body; `stream` or `bytes`: it is no usual call. */',
    'export const calls: Readonly<Record<OperationName, string>> = {',
    ...calls,
    '}',
    '',
    '/** The types of its answers, by the type of a request. */',
    'export const answers: Readonly<Record<ClientType, string>> = {',
    ...answers,
    '}',
    '',
    '/** Every type that the server sends of itself. */',
    'export const serverTypes: readonly string[] = [',
    ...Object.keys(fromServer).map((type) => `  '${type}',`),
    ']',
    '',
    '/** The problems that the SDK makes itself, as the catalogue has them. */',
    'export const problems = {',
    ...local.map((code) => `  ${quoted(code)}: ${problemOf(code)},`),
    '}',
    '',
  ].join('\n')
}

const problemOf = (code: ProblemCode): string => {
  const { status, title, retryable } = problems[code]
  return `{ status: ${status}, title: ${JSON.stringify(title).replaceAll('"', "'")}, retryable: ${retryable} }`
}

const quoted = (type: string): string => (/^\w+$/.test(type) ? type : `'${type}'`)

function callOf({ method, path, auth, repeat, body, stream, bytes }: Operation): string {
  const marks = [...(body ? ['json'] : []), ...(stream ? ['stream'] : []), ...(bytes ? ['bytes'] : [])]
  return [method, path, auth, repeat ?? '-', ...marks].join(' ')
}
