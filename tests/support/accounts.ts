import type { JoinDetails, Meeting, Tokens } from '@parley/contracts'
import { anEmail, password, rest } from './people.ts'

/** Somebody as the wire knows them: no SDK, only their tokens. */
export interface Account {
  id: string
  name: string
  token: string
  refreshToken: string
}

export const anAccount = (url: string, name: string): Promise<Account> =>
  become(`${url}/v1/auth/register`, { email: anEmail(), password, name, tokenDelivery: 'body' })

export const aGuest = (url: string, name: string): Promise<Account> =>
  become(`${url}/v1/auth/guest`, { name, tokenDelivery: 'body' })

async function become(url: string, body: object): Promise<Account> {
  const answer = await rest('POST', url, { body })
  if (answer.status !== 201) throw new Error(`${url} answered ${JSON.stringify(answer.body)}`)
  const { user, accessToken, refreshToken = '' } = answer.body as unknown as Tokens
  return { id: user.id, name: user.name, token: accessToken, refreshToken }
}

/** A request that has to succeed; rejects with what was answered otherwise. */
export async function callOrThrow<T>(as: Account, method: string, url: string, body?: unknown): Promise<T> {
  const answer = await rest(method, url, { token: as.token, body })
  if (answer.status >= 300) throw new Error(`${method} ${url} by ${as.name}: ${JSON.stringify(answer.body)}`)
  return answer.body as T
}

export const createMeeting = (url: string, host: Account, more: object = {}): Promise<Meeting> =>
  callOrThrow(host, 'POST', `${url}/v1/meetings`, { title: 'A meeting', type: 'public', ...more })

export const roomTokenFor = async (url: string, who: Account, { code }: { code: string }): Promise<string> =>
  (await callOrThrow<JoinDetails>(who, 'POST', `${url}/v1/meetings/join`, { code })).roomToken
