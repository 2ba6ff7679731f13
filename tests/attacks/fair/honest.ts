import { setTimeout as sleep } from 'node:timers/promises'
import { password } from '../../support/people.ts'
import { call, Line } from './wire.ts'

/** The experience of honest people of other addresses. */
export interface Experience {
  /** ms */
  signIns: number[]
  joins: number[]
  chats: number[]
  /** The faults, with how often each came. */
  failures: Map<string, number>
}

export interface Person {
  email: string
  token: string
  from: string
}

export interface Honest {
  gateways: readonly string[]
  people: readonly Person[]
  /** The code of the meeting that they talk in. */
  talk: string
  /** That of the one that they come into and leave. */
  visit: string
}

const device = { mic: false, cam: false }

/** Uses the product for a while: signs in, comes into meetings, talks. `begin` is awaited when those who talk are in. */
export async function useHonestly(
  { gateways, people, talk, visit }: Honest,
  forMs: number,
  begin: () => Promise<void> = async () => {},
): Promise<Experience> {
  const experience: Experience = { signIns: [], joins: [], chats: [], failures: new Map() }
  const fail = (what: string) => experience.failures.set(what, (experience.failures.get(what) ?? 0) + 1)
  const gatewayOf = (n: number): string => gateways[n % gateways.length] ?? ''
  async function enter(person: Person, code: string, n: number): Promise<Line> {
    const { token, from } = person
    const { body, status } = await call(gatewayOf(n), from, ['POST', '/v1/meetings/join'], { token, body: { code } })
    if (status !== 200) throw new Error(`join ${status} ${String(body['code'])}`)
    const line = await Line.open(gatewayOf(n), from, token)
    const joined = await line.ask('room.join', { roomToken: body['roomToken'], device })
    if (joined.type !== 'room.joined') throw new Error(`room.join ${String(joined.payload['code'])}`)
    return line
  }
  async function every(ms: number, act: (n: number) => Promise<void>): Promise<void> {
    const under: Promise<void>[] = []
    const until = performance.now() + forMs
    for (let n = 0; performance.now() < until; n += 1) {
      under.push(act(n).catch((error: unknown) => void fail(error instanceof Error ? error.message : String(error))))
      await sleep(ms)
    }
    await Promise.all(under)
  }
  const personOf = (n: number): Person => people[n % people.length] as Person
  const signIn = async (n: number): Promise<void> => {
    const { email, from } = personOf(n)
    const body = { email, password, tokenDelivery: 'body' }
    const { status, took } = await call(gatewayOf(n), from, ['POST', '/v1/auth/login'], { body })
    experience.signIns.push(took)
    if (status !== 200) fail(`sign-in ${status}`)
  }
  const join = async (n: number): Promise<void> => {
    const since = performance.now()
    const line = await enter(personOf(n), visit, n)
    experience.joins.push(performance.now() - since)
    await line.ask('room.leave')
    line.drop()
  }
  const sent = new Map<string, number>()
  const talkers = await Promise.all(people.slice(0, 6).map((person, n) => enter(person, talk, n)))
  for (const line of talkers)
    line.hear = ({ type, payload }) => {
      const { clientMessageId } = (payload['message'] ?? {}) as { clientMessageId?: string }
      const since = type === 'chat.message' ? sent.get(clientMessageId ?? '') : undefined
      if (since !== undefined) experience.chats.push(performance.now() - since)
    }
  const say = async (n: number): Promise<void> => {
    const clientMessageId = crypto.randomUUID()
    sent.set(clientMessageId, performance.now())
    const answer = await talkers[n % talkers.length]?.ask('chat.send', { clientMessageId, text: `hello ${n}` })
    if (answer?.type !== 'chat.accepted') fail(`chat ${String(answer?.payload['code'])}`)
  }
  await begin()
  await Promise.all([every(400, signIn), every(500, join), every(300, say)])
  for (const { closed } of talkers) if (closed !== null) fail(`cut off with ${closed}`)
  for (const line of talkers) line.drop()
  return experience
}
