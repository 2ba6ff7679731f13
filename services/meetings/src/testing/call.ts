import type { Problem } from '@parley/contracts'

interface CallOptions {
  as?: { token(): string }
  body?: unknown
  headers?: Record<string, string>
}
export interface Answered<T> {
  status: number
  body: T & Partial<Pick<Problem, 'code' | 'errors' | 'currentVersion'>>
  etag: string | null
  headers: Headers
}
export type Call = ReturnType<typeof createCall>

/** Calls the REST operations of one instance; `T` is what a success is expected to answer. */
export const createCall =
  (url: string) =>
  async <T = unknown>(
    method: string,
    path: string,
    { as, body, headers = {} }: CallOptions = {},
  ): Promise<Answered<T>> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(as === undefined ? {} : { authorization: `Bearer ${as.token()}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    const answered = (isJson ? JSON.parse(text) : text) as Answered<T>['body']
    return { status: response.status, body: answered, etag: response.headers.get('etag'), headers: response.headers }
  }
