import type { Principal } from '@parley/contracts'
import type { FastifyRequest } from 'fastify'
import { ProblemError } from '../problem.ts'
import type { Revocations } from '../tokens/revocations.ts'
import type { TokenVerifier } from '../tokens/token-verifier.ts'

export type Authenticate = (request: FastifyRequest) => Promise<Principal>

/** The sender of a request, by its bearer token. Rejects with `unauthenticated` or `token-expired`. */
export function createAuthenticate(deps: {
  verifier: TokenVerifier
  revocations?: Pick<Revocations, 'isRevoked'>
}): Authenticate {
  return async (request) => {
    const principal = await deps.verifier.verify(bearerOrThrow(request.headers.authorization))
    if (deps.revocations?.isRevoked(principal) === true)
      throw new ProblemError('unauthenticated', 'The session has ended')
    return principal
  }
}

function bearerOrThrow(header: string | undefined): string {
  const token = header !== undefined && /^bearer /i.test(header) ? header.slice(7) : ''
  if (token === '') throw new ProblemError('unauthenticated')
  return token
}
