import type { IncomingHttpHeaders } from 'node:http'
import { ProblemError } from '@parley/kit'

/**
 * The scheme and host by which the browser knows us, as the gateway reports them. They are believed from anybody: they decide a cookie's
 * name and the same-origin check, which protect browsers. No page can make a browser send them without a preflight, and the gateway refuses
 * that.
 */
export interface Edge {
  secure: boolean
  host: string | undefined
}

export const edgeOf = (headers: IncomingHttpHeaders): Edge => ({
  secure: first(headers['x-forwarded-proto']) === 'https',
  host: first(headers['x-forwarded-host']) ?? headers.host,
})

/**
 * The beginning of our own addresses: the configured one, else as the browser knows us.
 * @throws ProblemError `invalid-input` for a host that is none
 */
export function baseOf(headers: IncomingHttpHeaders, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl
  const { secure, host } = edgeOf(headers)
  if (host === undefined || !/^[\w.-]{1,253}(:\d{1,5})?$|^\[[\da-f:.]{2,45}\](:\d{1,5})?$/.test(host))
    throw new ProblemError('invalid-input', 'The Host header names no host')
  return `${secure ? 'https' : 'http'}://${host}`
}

const first = (value: string | string[] | undefined): string | undefined =>
  [value].flat()[0]?.split(',', 1)[0]?.trim().toLowerCase()
