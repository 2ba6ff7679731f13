import type { IncomingHttpHeaders } from 'node:http'
import { ProblemError } from '@parley/kit'
import type { Edge } from './edge.ts'

/**
 * Refuses a cookie that another origin's page made the browser send (CSRF). Browsers name the origin of every POST; a
 * request without `Origin` is not a page's, unless `Sec-Fetch-Site` says so.
 * @throws ProblemError `origin-not-allowed`
 */
export function refuseForeignOrigin(headers: IncomingHttpHeaders, edge: Edge, allowed: readonly string[]): void {
  const { origin } = headers
  const foreign =
    origin === undefined
      ? isForeignFetch(headers['sec-fetch-site'])
      : !isOurs(origin, edge) && !allowed.includes(origin)
  if (foreign) throw new ProblemError('origin-not-allowed', 'This page may not use the refresh cookie')
}

const isForeignFetch = (site: string | string[] | undefined): boolean => site === 'cross-site' || site === 'same-site'

const isOurs = (origin: string, { secure, host }: Edge): boolean =>
  host !== undefined && origin.toLowerCase() === `${secure ? 'https' : 'http'}://${host}`
