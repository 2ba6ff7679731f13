import type { Problem } from '@parley/contracts'

const timeoutMs = 10_000

/** The product answered with a problem, or something before it answered in its place. */
export class Refused extends Error {
  readonly status: number
  /** Of the problem; undefined when the answer is not of the product. */
  readonly code: string | undefined

  constructor(asked: string, status: number, text: string) {
    const problem = problemIn(text)
    super(`${asked} answered ${status}: ${problem?.detail ?? text.replaceAll(/\s+/g, ' ').slice(0, 200)}`)
    this.status = status
    this.code = problem?.code
  }
}

function problemIn(text: string): Problem | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'code' in value ? (value as Problem) : undefined
  } catch {
    return undefined
  }
}

/** The product's API at one URL, as one account. */
export interface Api {
  base: string
  /** @throws Refused; a TypeError of fetch when nothing answers */
  call<T>(method: string, path: string, body?: unknown): Promise<T>
  token: string
}

export const apiAt = (base: string, token = ''): Api => ({
  base,
  token,
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers = {
      // A page of this very address: what PUBLIC_URL and ALLOWED_ORIGINS say of it is looked at as well.
      origin: new URL(base).origin,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
    }
    const signal = AbortSignal.timeout(timeoutMs)
    const answer = await fetch(new URL(path, base), {
      method,
      headers,
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Refused(`${method} ${path}`, answer.status, text)
    return (text === '' ? undefined : JSON.parse(text)) as T
  },
})
