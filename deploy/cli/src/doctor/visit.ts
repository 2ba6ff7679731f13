import { randomBytes } from 'node:crypto'
import { createUsers, type Tables } from '@parley/auth/admin'
import type { JoinDetails, Meeting, Session, Tokens } from '@parley/contracts'
import type { Environment } from '@parley/kit'
import { withDatabase } from '../database.ts'
import { apiAt, type Api } from './api.ts'

/** An account and a meeting of the doctor's, in the product it looks at. */
export interface Visit {
  api: Api
  meeting: Meeting
  joining: JoinDetails
  /** When auth signed the token, by its clock, in ms since 1970; a second exact. */
  signedAt: number
  /** The address that the product saw the doctor come from. */
  seenFrom: string | null
  /** Removes what can be removed; says what stays. */
  leave(): Promise<string | undefined>
}

export interface Login {
  email: string
  password: string
}

/**
 * Signs in, or makes an account for the visit, and makes a public meeting with the SFU.
 * @throws Refused, or an error of fetch
 */
export async function beginVisit(url: string, login: Login | undefined, env: Environment): Promise<Visit> {
  const made = login === undefined ? await makeAccount(url) : undefined
  const { accessToken } =
    made ?? (await apiAt(url).call<Tokens>('POST', '/v1/auth/login', { ...login, tokenDelivery: 'body' }))
  const api = apiAt(url, accessToken)
  const body = { title: 'parley doctor', type: 'public', settings: { topology: 'sfu' }, maxParticipants: 2 }
  const meeting = await api.call<Meeting>('POST', '/v1/meetings', body)
  const joining = await api.call<JoinDetails>('POST', `/v1/meetings/${meeting.id}/room-token`, {})
  const { items } = await api.call<{ items: Session[] }>('GET', '/v1/auth/sessions')
  return {
    api,
    meeting,
    joining,
    signedAt: issuedAt(accessToken),
    seenFrom: items.find(({ current }) => current)?.address ?? null,
    async leave() {
      await api.call('DELETE', `/v1/meetings/${meeting.id}`)
      return made === undefined ? undefined : removeAccount(made.email, api, env)
    },
  }
}

async function makeAccount(url: string): Promise<Tokens & { email: string }> {
  const email = `doctor-${randomBytes(6).toString('hex')}@parley.invalid`
  const password = randomBytes(18).toString('base64url')
  const account = { email, password, name: 'parley doctor', tokenDelivery: 'body' }
  return { ...(await apiAt(url).call<Tokens>('POST', '/v1/auth/register', account)), email }
}

async function removeAccount(email: string, api: Api, env: Environment): Promise<string | undefined> {
  if (env['DATABASE_URL']) {
    try {
      await withDatabase(env, (host) => createUsers({ db: host.schema<Tables>('auth'), cost: 12 }).remove(email))
      return undefined
    } catch {
      // A fault of this database is a finding of its own. The account stays, and that is said below.
    }
  }
  await api.call('POST', '/v1/auth/logout-all')
  return `The account ${email} stays: "parley user delete ${email} --yes" removes it. --email names one of yours next time.`
}

/** The claim `iat` of a token (RFC 7519), in ms. */
function issuedAt(token: string): number {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { iat: number }
  return claims.iat * 1000
}
