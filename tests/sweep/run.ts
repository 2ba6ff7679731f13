import { randomBytes } from 'node:crypto'
import type { JoinDetails, Tokens } from '@parley/contracts'
import { randomOf, type Random } from '../fuzz/random.ts'
import { callOrThrow, createMeeting, type Account } from '../support/accounts.ts'
import { anEmail, password, rest } from '../support/people.ts'
import type { RequestPlace } from './document.ts'
import { createJudge, type Answered } from './judge.ts'
import { requestsFor, type SweepRequest } from './requests.ts'
import type { Known } from './values.ts'

export interface SweepReport {
  sent: number
  /** How often each status came. */
  statuses: ReadonlyMap<number, number>
  /** Answers that are not as documented, the first 50. */
  faults: readonly string[]
}

const atOnce = 8
/** Requests with the same people and meeting: the first right one may end them, and limits count by person. */
const perCast = 40
const withinMs = 20_000
const maxFaults = 50

/** Sends right and odd requests for every operation of the document, each by somebody who may and by others. */
export async function sweep(url: string, places: readonly RequestPlace[], seed: number): Promise<SweepReport> {
  const judge = createJudge()
  const statuses = new Map<number, number>()
  const faults: string[] = []
  let sent = 0
  async function ask(place: RequestPlace, request: SweepRequest, token: string | null): Promise<void> {
    const answer = await send(url, place.method, request, token)
    sent += 1
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
    const fault = judge.faultOf(place, answer, request.elsewhere === true)
    if (fault !== null && faults.length < maxFaults)
      faults.push(`${place.operationId}, ${request.about}: ${answer.status}, ${fault}`)
  }
  for (const [index, place] of places.entries()) {
    const random = randomOf(seed * 1_009 + index)
    let cast = await castFor(url, place)
    const requests = requestsFor(place, random, () => cast.known)
    for (let some = take(requests, perCast); some.length > 0; some = take(requests, perCast)) {
      const waiting = some.map((request) => () => ask(place, request, cast.token(random)))
      await Promise.all(Array.from({ length: atOnce }, () => work(waiting)))
      cast = await castFor(url, place)
    }
  }
  return { sent, statuses, faults }
}

function take<T>(from: Generator<T>, most: number): T[] {
  const taken: T[] = []
  while (taken.length < most) {
    const next = from.next()
    if (next.done === true) break
    taken.push(next.value)
  }
  return taken
}

async function work(waiting: (() => Promise<void>)[]): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next()
}

interface Cast {
  known: Known
  /** Mostly the host's: what is not let in does not get far. */
  token(random: Random): string | null
}

/** People and a meeting, with everything that an operation may name. */
async function castFor(url: string, { path }: RequestPlace): Promise<Cast> {
  const [host, member, guest] = await Promise.all([
    somebody(url, 'register', { email: anEmail(), password, name: 'Host' }),
    somebody(url, 'register', { email: anEmail(), password, name: 'Member' }),
    somebody(url, 'guest', { name: 'Guest' }),
  ])
  const meeting = await createMeeting(url, host, { settings: { waitingRoom: true } })
  const base = `${url}/v1/meetings/${meeting.id}`
  const invite = await callOrThrow<{ id: string }>(host, 'POST', `${base}/invites`, { userId: member.id })
  const { joinToken, id: tokenId } = await callOrThrow<{ joinToken: string; id: string }>(
    host,
    'POST',
    `${base}/tokens`,
    {},
  )
  const message = await callOrThrow<{ id: string }>(host, 'POST', `${base}/messages`, {
    clientMessageId: 'a-first-message',
    text: 'Hello',
  })
  await callOrThrow<JoinDetails>(host, 'POST', `${base}/room-token`)
  const { file } = await callOrThrow<{ file: { id: string } }>(host, 'POST', `${url}/v1/files`, {
    purpose: 'attachment',
    meetingId: meeting.id,
    name: 'notes.txt',
    sizeBytes: 5,
    contentType: 'text/plain',
  })
  const known: Known = {
    id: path.startsWith('/v1/files/') ? file.id : meeting.id,
    fileId: file.id,
    avatarFileId: file.id,
    meetingId: meeting.id,
    code: meeting.code,
    inviteId: invite.id,
    tokenId,
    messageId: message.id,
    userId: member.id,
    joinToken,
    email: anEmail(),
    password,
    currentPassword: password,
    refreshToken: member.refreshToken,
    'if-match': '"1"',
  }
  return { known, token: (random) => tokenOf(random, { host, member, guest }) }
}

async function somebody(url: string, how: 'register' | 'guest', body: object): Promise<Account> {
  const answer = await rest('POST', `${url}/v1/auth/${how}`, {
    body: { ...body, tokenDelivery: 'body' },
    headers: { 'x-forwarded-for': anAddress() },
  })
  if (answer.status !== 201) throw new Error(`${how} was answered ${JSON.stringify(answer.body)}`)
  const { user, accessToken, refreshToken = '' } = answer.body as unknown as Tokens
  return { id: user.id, name: user.name, token: accessToken, refreshToken }
}

/** The limits by address are not what is tried. */
const anAddress = (): string => `2001:db8:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::1`

const tokenOf = (
  random: Random,
  { host, member, guest }: Record<'host' | 'member' | 'guest', Account>,
): string | null =>
  random.chance(0.8) ? host.token : random.pick([member.token, guest.token, `${host.token}x`, 'nonsense', null])

async function send(
  url: string,
  method: string,
  { path, headers, body }: SweepRequest,
  token: string | null,
): Promise<Answered> {
  const stop = new AbortController()
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: {
      'x-forwarded-for': anAddress(),
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body }),
    signal: AbortSignal.any([stop.signal, AbortSignal.timeout(withinMs)]),
  })
  const streams = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const text = streams ? '' : await response.text()
  if (streams) stop.abort()
  return { status: response.status, headers: response.headers, text }
}
