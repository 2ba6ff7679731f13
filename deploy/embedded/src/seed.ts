import type { OperationAnswer } from '@parley/contracts'
import { StartupError } from '@parley/kit'

export const demoAccount = { email: 'demo@parley.test', password: 'password123', name: 'Demo' } as const
/** Invites the demo account, so that it has an invite to answer. */
const inviter = { email: 'ida@parley.test', password: demoAccount.password, name: 'Ida' } as const
type DemoAccount = typeof demoAccount | typeof inviter
const timeoutMs = 10_000

type Tokens = OperationAnswer<'register'>
type Meeting = OperationAnswer<'createMeeting'>
type Meetings = OperationAnswer<'listMeetings'>

/**
 * Makes the demo account, its meeting, and an invite that it has not answered, unless they are there. It uses the API of a running
 * product. Returns what to tell the user.
 * @throws StartupError when the product does not answer, or not as expected
 */
export async function seed(url: string): Promise<string> {
  const demo = await signIn(url, demoAccount)
  const meeting = await openMeeting(url, demo.accessToken, { title: 'Demo meeting', type: 'public' })
  const { accessToken: token } = await signIn(url, inviter)
  const other = await openMeeting(url, token, { title: 'Planning with Ida', type: 'invited_only' })
  await call(url, 'POST', `/v1/meetings/${other.id}/invites`, { token, body: { userId: demo.user.id } })
  return `
  Demo account        ${demoAccount.email}, password ${demoAccount.password}
  Demo meeting        ${meeting.joinLink}
  Pending invite      from ${inviter.email}, the same password, to “${other.title}”

`
}

/** The account's own meeting of that title, made if there is none that people can still enter. */
async function openMeeting(url: string, token: string, wanted: { title: string; type: Meeting['type'] }) {
  const { items } = await call<Meetings>(url, 'GET', '/v1/meetings?role=host&limit=100', { token })
  const open = items.find(({ title, status }) => title === wanted.title && status !== 'ended' && status !== 'cancelled')
  return open ?? (await call<Meeting>(url, 'POST', '/v1/meetings', { token, body: wanted }))
}

async function signIn(url: string, account: DemoAccount): Promise<Tokens> {
  const body = { ...account, tokenDelivery: 'body' }
  try {
    return await call<Tokens>(url, 'POST', '/v1/auth/register', { body })
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'email-taken') throw error
  }
  const { email, password, tokenDelivery } = body
  return call<Tokens>(url, 'POST', '/v1/auth/login', { body: { email, password, tokenDelivery } })
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
