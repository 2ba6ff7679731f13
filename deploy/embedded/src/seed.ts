import type { OperationAnswer } from '@parley/contracts'
import { StartupError } from '@parley/kit'

const demoAccount = { email: 'demo@parley.test', password: 'password123', name: 'Demo' } as const
const title = 'Demo meeting'
const timeoutMs = 10_000

type Tokens = OperationAnswer<'register'>
type Meeting = OperationAnswer<'createMeeting'>
type Meetings = OperationAnswer<'listMeetings'>

/**
 * Makes the demo account and its meeting through the API of a running product, unless they are there; returns what to
 * tell the user.
 * @throws StartupError when the product does not answer, or not as expected
 */
export async function seed(url: string): Promise<string> {
  const token = await signIn(url)
  const { items } = await call<Meetings>(url, 'GET', '/v1/meetings?role=host&limit=100', { token })
  const open = items.find(
    (meeting) => meeting.title === title && meeting.status !== 'ended' && meeting.status !== 'cancelled',
  )
  const meeting = open ?? (await call<Meeting>(url, 'POST', '/v1/meetings', { token, body: { title, type: 'public' } }))
  return `
  Demo account        ${demoAccount.email}, password ${demoAccount.password}
  Demo meeting        ${meeting.joinLink}

`
}

async function signIn(url: string): Promise<string> {
  const body = { ...demoAccount, tokenDelivery: 'body' }
  try {
    return (await call<Tokens>(url, 'POST', '/v1/auth/register', { body })).accessToken
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'email-taken') throw error
  }
  const { email, password, tokenDelivery } = body
  return (await call<Tokens>(url, 'POST', '/v1/auth/login', { body: { email, password, tokenDelivery } })).accessToken
}

class Refused extends StartupError {
  readonly code: unknown

  constructor(message: string, code: unknown) {
    super(message)
    this.code = code
  }
}

async function call<T>(
  url: string,
  method: string,
  path: string,
  { token, body }: { token?: string; body?: unknown },
): Promise<T> {
  const headers = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  const init = {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  }
  const answer = await fetch(new URL(path, url), init).catch((error: unknown) => {
    throw new StartupError(`nothing answers at ${url}; is Parley running there?`, { cause: error })
  })
  const text = await answer.text()
  if (answer.ok) return JSON.parse(text) as T
  throw new Refused(`${method} ${path} answered ${answer.status}: ${text.slice(0, 500)}`, codeOf(text))
}

function codeOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'code' in value ? value.code : undefined
  } catch {
    return undefined
  }
}
