import type { IncomingHttpHeaders } from 'node:http'
import { createOriginPolicy, foreignOrigin, originAt, type OriginVerdict } from '@parley/kit'
import { edgeOf } from './edge.ts'

/** Whose page sends a request. */
export type OriginOf = (headers: IncomingHttpHeaders) => OriginVerdict

/** As the gateway has judged it; a request that came another way is judged here, by the same rule. */
export function createOriginOf(lists: Parameters<typeof createOriginPolicy>[0]): OriginOf {
  const policy = createOriginPolicy(lists)
  return (headers) => {
    const told = verdicts.find((one) => one === headers['x-origin-verdict'])
    const { secure, host } = edgeOf(headers)
    const given = headers.origin === undefined ? undefined : [headers.origin]
    return told ?? policy(given, [originAt(secure ? 'https' : 'http', host)])
  }
}
const verdicts: readonly OriginVerdict[] = ['none', 'own', 'allowed', 'cross-site', 'foreign']

/**
 * Refuses a cookie that another origin's page made the browser send (CSRF). Browsers name the origin of every POST; a
 * request without `Origin` is not a page's, unless `Sec-Fetch-Site` says so.
 * @throws ProblemError `origin-not-allowed`
 */
export function refuseForeignOrigin(headers: IncomingHttpHeaders, originOf: OriginOf): void {
  const verdict = originOf(headers)
  const foreign = verdict === 'none' ? isForeignFetch(headers['sec-fetch-site']) : verdict === 'foreign'
  if (foreign) throw foreignOrigin(headers.origin === undefined ? undefined : [headers.origin])
}

const isForeignFetch = (site: string | string[] | undefined): boolean => site === 'cross-site' || site === 'same-site'
