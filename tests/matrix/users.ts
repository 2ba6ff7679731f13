import type { Tokens } from '@parley/contracts'
import { anEmail, password, rest } from '../support/people.ts'
import { mailedToken } from './mail.ts'
import type { Persona } from './row.ts'

export interface MatrixUser {
  id: string
  name: string
  kind: 'user' | 'guest'
  email: string | null
  token: string
  refreshToken: string
}

/** Everybody, made once; `spare` has an account and nothing to do with any meeting. */
export type MatrixUsers = Record<Exclude<Persona, 'nobody'> | 'spare', MatrixUser>

/** The host and the cohost have confirmed their addresses: only so do they invite by mail. */
export async function createUsers(url: string, mailDir: string): Promise<MatrixUsers> {
  return {
    host: await confirmed(url, mailDir, await register(url, 'Host')),
    cohost: await confirmed(url, mailDir, await register(url, 'Cohost')),
    participant: await register(url, 'Participant'),
    exParticipant: await register(url, 'Gone'),
    invited: await register(url, 'Invited'),
    stranger: await register(url, 'Stranger'),
    guest: await enterAsGuest(url, 'Guest'),
    guestInside: await enterAsGuest(url, 'Guest inside'),
    spare: await register(url, 'Spare'),
  }
}

/** Somebody new of the same kind. */
export const another = (url: string, { kind, name }: MatrixUser): Promise<MatrixUser> =>
  kind === 'user' ? register(url, name) : enterAsGuest(url, name)

const register = (url: string, name: string): Promise<MatrixUser> =>
  become(`${url}/v1/auth/register`, { email: anEmail(), password, name, tokenDelivery: 'body' })

async function confirmed(url: string, mailDir: string, user: MatrixUser): Promise<MatrixUser> {
  const token = await mailedToken(mailDir, user.email ?? '', 'Confirm')
  const answer = await rest('POST', `${url}/v1/auth/verify-email`, { body: { token } })
  if (answer.status !== 204) throw new Error(`an address is not confirmed: ${JSON.stringify(answer.body)}`)
  return user
}

const enterAsGuest = (url: string, name: string): Promise<MatrixUser> =>
  become(`${url}/v1/auth/guest`, { name, tokenDelivery: 'body' })

async function become(url: string, body: object): Promise<MatrixUser> {
  const answer = await rest('POST', url, { body })
  if (answer.status !== 201) throw new Error(`${url} answered ${JSON.stringify(answer.body)}`)
  const { user, accessToken, refreshToken = '' } = answer.body as unknown as Tokens
  return { id: user.id, name: user.name, kind: user.kind, email: user.email, token: accessToken, refreshToken }
}
