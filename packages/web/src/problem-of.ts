import { ParleyError } from '@parley/client'
import type { Problem } from '@parley/contracts'
import { report } from './report.ts'

/** The problem behind anything thrown. An error that is not the server's is logged and shown as one of ours. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ParleyError) return error.problem
  report('Not a problem of the API', error)
  return {
    type: '/problems/internal',
    title: 'Something went wrong',
    status: 500,
    detail: error instanceof Error ? error.message : String(error),
    code: 'internal',
    retryable: true,
  }
}
