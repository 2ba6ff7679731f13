import type { JoinDetails, Meeting } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { rest } from '../support/people.ts'
import type { MatrixUsers, MatrixUser } from './users.ts'
import type { Kind } from './row.ts'
import { takeSeat, type Seat } from './seat.ts'

/** A meeting with everybody in their places. */
export interface MatrixMeeting {
  meeting: Meeting
  /** The invite of `invited`. */
  inviteId: string
  /** A key that the host has made, for 20 people. */
  tokenId: string
  joinToken: string
  /** Of `guest`, who waits in the lobby; only in a world of the kind `lobby`. */
  waitingId: string | null
  /** A request by the host; rejects unless it succeeds. */
  asHost<T>(method: string, path: string, body?: unknown): Promise<T>
  /** All that the host can see of it, to compare. */
  snapshot(): Promise<unknown>
  close(): void
}

/** Makes a meeting, and brings everybody to their places through REST and the socket. */
export async function createWorld(
  url: string,
  people: MatrixUsers,
  kind: Kind,
  more: { passcode?: string } = {},
): Promise<MatrixMeeting> {
  const { host, cohost, participant, exParticipant, invited, guestInside } = people
  const body = {
    title: `A ${kind} one`,
    type: kind === 'lobby' ? 'private' : kind,
    settings: { guestsAllowed: true },
    ...more,
  }
  const meeting = await callOrThrow<Meeting>(host, 'POST', `${url}/v1/meetings`, body)
  const at = `${url}/v1/meetings/${meeting.id}`
  const asHost = <T>(method: string, path: string, sent?: unknown) => callOrThrow<T>(host, method, `${at}${path}`, sent)
  const { id: tokenId, joinToken } = await asHost<{ id: string; joinToken: string }>('POST', '/tokens', { uses: 20 })
  // Where the code alone does not open, everybody but `invited`, `stranger` and `guest` has been let in by the host.
  const key = kind === 'invited_only' || kind === 'lobby' ? { joinToken } : { code: meeting.code, ...more }
  const seats = [await enter(url, host, { code: meeting.code })]
  for (const person of [cohost, participant, exParticipant, guestInside]) seats.push(await enter(url, person, key))
  await asHost('PUT', `/participants/${cohost.id}/role`, { role: 'cohost' })
  await seats[3]?.leave()
  const { id: inviteId } = await asHost<{ id: string }>('POST', '/invites', { userId: invited.id })
  const waits = kind === 'lobby' ? await openLobby(url, people, { meeting, asHost }) : null
  if (waits !== null) seats.push(waits)
  await eventually(() => everybodyIsWrittenDown(asHost, exParticipant), 10_000)
  return {
    meeting: await asHost<Meeting>('GET', ''),
    inviteId,
    tokenId,
    joinToken,
    waitingId: waits === null ? null : String(waits.answer.payload?.['participantId']),
    asHost,
    snapshot: () => snapshotOf(asHost),
    close: () => seats.forEach((seat) => seat.close()),
  }
}

type AsHost = MatrixMeeting['asHost']

async function enter(url: string, person: MatrixUser, key: { code: string } | { joinToken: string }): Promise<Seat> {
  const { roomToken } = await callOrThrow<JoinDetails>(person, 'POST', `${url}/v1/meetings/join`, key)
  return takeSeat(url, person, roomToken)
}

async function openLobby(
  url: string,
  { guest }: MatrixUsers,
  { meeting, asHost }: { meeting: Meeting; asHost: AsHost },
) {
  await asHost('PATCH', '', { settings: { waitingRoom: true } })
  const seat = await enter(url, guest, { code: meeting.code })
  if (seat.answer.type !== 'lobby.waiting') throw new Error(`the guest does not wait but got ${seat.answer.type}`)
  return seat
}

/** Stays reach meetings by facts, a moment after the room. */
async function everybodyIsWrittenDown(asHost: AsHost, gone: MatrixUser): Promise<void> {
  const { items } = await asHost<{ items: { userId: string; leftAt: string | null }[] }>('GET', '/participants')
  const there = items.filter(({ leftAt }) => leftAt === null).length
  const left = items.some(({ userId, leftAt }) => userId === gone.id && leftAt !== null)
  if (there !== 4 || !left || items.length !== 5) throw new Error(`${there} are there, gone: ${left}`)
}

const parts = ['', '/participants', '/tokens', '/bans', '/invites', '/lobby', '/messages']
const snapshotOf = async (asHost: AsHost): Promise<unknown> =>
  Object.fromEntries(await Promise.all(parts.map(async (part) => [part, await asHost('GET', part)])))

async function callOrThrow<T>(as: MatrixUser, method: string, url: string, body?: unknown): Promise<T> {
  const answer = await rest(method, url, { token: as.token, body })
  if (answer.status >= 300) throw new Error(`${method} ${url} by ${as.name}: ${JSON.stringify(answer.body)}`)
  return answer.body as T
}
