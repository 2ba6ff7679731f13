import type { Operation } from '@parley/contracts'
import type { TSchema } from 'typebox'
import { compile } from './faults.ts'

/** Throws when an answer is not what its operation declares: what clients are promised, tests hold us to. */
export function answerChecker(
  name: string,
  { answers }: Operation,
): (answer: { status: number; body?: unknown }) => void {
  const checks = new Map(
    Object.entries<TSchema | null>(answers).map(([status, schema]) => [Number(status), schema && compile(schema)]),
  )
  return ({ status, body }) => {
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
