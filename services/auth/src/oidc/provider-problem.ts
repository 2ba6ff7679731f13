import { isProblem, ProblemError } from '@parley/kit'

/** The library's codes for an issuer that is away or ill, rather than for an answer that is not good. */
const away = new Set(['OAUTH_TIMEOUT', 'OAUTH_ABORT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON'])

/** The problem of a failed sign-in at the provider; why is for the log. */
export function problemOf(error: unknown): ProblemError {
  if (isProblem(error)) return error
  return isAway(error)
    ? new ProblemError('unavailable', 'The sign-in provider cannot be reached', {}, { cause: error })
    : new ProblemError('oauth-failed', 'The provider did not confirm this sign-in', {}, { cause: error })
}

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && typeof error.code === 'string' && away.has(error.code)) return true
  // The error that fetch throws.
  return error.name === 'TimeoutError' || (error instanceof TypeError && error.message === 'fetch failed')
}
