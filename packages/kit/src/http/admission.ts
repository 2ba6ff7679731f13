import type { Operation, Principal } from '@parley/contracts'
import type { FastifyRequest } from 'fastify'
import type { Limiter } from '../kv/kv.ts'
import { ProblemError } from '../problem.ts'
import { limitKey } from './limit-key.ts'
import type { ServeOptions } from './operations.ts'

type Admit = (request: FastifyRequest) => Promise<Principal | undefined>

/** The right to call an operation, and how often; decided before the body is read. */
export function admission(name: string, operation: Operation, { authenticate, kv }: ServeOptions): Admit {
  const { auth, limit } = operation
  if (limit !== undefined && kv === undefined) throw new Error(`${name} has a limit: pass kv to serveOperations`)
  const limiter = limit && kv?.limiter({ name: `op:${name}`, points: limit.points, seconds: limit.seconds })
  return async (request) => {
    if (limit?.by === 'address') await takeOrThrow(limiter, limitKey(request.server.addressOf(request.raw)))
    if (auth === 'none') return undefined
    const principal = await authenticate(request)
    if (auth === 'user' && principal.kind !== 'user') throw new ProblemError('forbidden', 'Guests may not do this')
    if (limit?.by === 'principal') await takeOrThrow(limiter, principal.userId)
    return principal
  }
}

async function takeOrThrow(limiter: Limiter | undefined, key: string): Promise<void> {
  const taken = await limiter?.take(key)
  if (taken?.allowed === false) throw new ProblemError('rate-limited', undefined, { retryAfterMs: taken.retryAfterMs })
}
