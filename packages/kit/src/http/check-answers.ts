import type { Operation } from '@parley/contracts'
import type { TSchema } from 'typebox'
import { compile } from './faults.ts'

/** Throws when an answer is not what its operation declares: what clients are promised, tests hold us to. */
export function answerChecker(name: string, operation: Operation): (answer: Checked) => void {
  const { answers } = operation
  const checks = new Map(
    Object.entries<TSchema | null>(answers).map(([status, schema]) => [Number(status), schema && compile(schema)]),
  )
  return (answer) => {
    const { status, body } = answer
    checkHeaders(name, operation, answer)
    const check = checks.get(status)
    if (check === undefined) throw new Error(`${name} does not declare an answer ${status}`)
    if (check === null) {
      if (body !== undefined && body !== null) throw new Error(`${name} declares no body for ${status}`)
      return
    }
    const faults = check(JSON.parse(JSON.stringify(body ?? null)))
    if (faults.length === 0) return
    const list = faults.map(({ path, message }) => `${path} ${message}`).join('; ')
    throw new Error(`${name} answered ${status} with a body that does not match its schema: ${list}`)
  }
}

interface Checked {
  status: number
  body?: unknown
  headers?: Readonly<Record<string, string>>
  cookies?: readonly string[]
}

const promised = ['etag', 'location', 'set-cookie'] as const

/** Those that the operation declares are there, and no other of those that clients build on. */
function checkHeaders(name: string, { sends }: Operation, { status, headers = {}, cookies = [] }: Checked): void {
  for (const header of promised) {
    const declared = sends?.[status]?.includes(header) === true
    const there = header === 'set-cookie' ? cookies.length > 0 : headers[header] !== undefined
    if (there && !declared) throw new Error(`${name} does not declare ${header} of its answer ${status}`)
    if (declared && !there && header !== 'set-cookie') throw new Error(`${name} sent no ${header} with ${status}`)
  }
}
