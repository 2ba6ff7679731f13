import { randomBytes } from 'node:crypto'
import { createParley, type Parley } from '@parley/client'

export const password = 'correct horse'
export const anEmail = (): string => `${randomBytes(8).toString('hex')}@example.org`

/** Somebody with an account, signed in through the SDK. */
export async function aPerson(url: string, name: string): Promise<Parley> {
  const parley = createParley({ url, tokenDelivery: 'body' })
  await parley.signUp({ email: anEmail(), password, name })
  return parley
}

/** A request without the SDK; the body of the answer is parsed. */
export async function rest(
  method: string,
  url: string,
  { token, body, headers = {} }: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
) {
  const response = await fetch(url, {
    method,
    headers: {
      ...headers,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  }
}
