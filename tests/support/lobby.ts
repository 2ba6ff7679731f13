import type { LobbyEntry, Meeting } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { expect } from 'vitest'
import { callOrThrow, type Account } from './accounts.ts'
import { ProtocolSocket, type Message, type Seated } from './protocol-socket.ts'

/** The names of those who wait, first come first, as the host is told over HTTP. */
export async function queueOf(url: string, host: Account, { id }: Pick<Meeting, 'id'>): Promise<string[]> {
  const { items } = await callOrThrow<{ items: LobbyEntry[] }>(host, 'GET', `${url}/v1/meetings/${id}/lobby`)
  return items.map(({ name }) => name)
}

export const namesIn = (payload: Record<string, unknown>): string[] =>
  ((payload['lobby'] ?? []) as LobbyEntry[]).map(({ name }) => name)

/** Goes on with a session on a new socket, as often as the server is not there yet; what it has is kept in `seated`. */
export async function comeBack(gateway: string, seated: Seated, hint?: string): Promise<Message> {
  const { sessionId, resumeToken } = seated.entered
  return eventually(async () => {
    const socket = await ProtocolSocket.open(gateway, seated.who.token, hint)
    const answer = await socket.ask('room.resume', { sessionId, resumeToken, v: 0 })
    if (answer.type === 'error') {
      socket.drop()
      throw new Error(JSON.stringify(answer.payload))
    }
    seated.socket = socket
    seated.entered = { ...seated.entered, ...answer.payload }
    return answer
  }, 30_000)
}

/** Fails when anything has been said on a socket that only people in the room are to know. */
export function heardNothing({ socket }: Seated): void {
  const allowed = new Set(['lobby.waiting', 'error', 'ping', 'pong', 'meeting.updated'])
  expect(socket.all.map(({ type }) => type).filter((type) => !allowed.has(type))).toEqual([])
}
