import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { authBus, busGrants, chatBus, meetingsBus, signalingBus, type BusGrant } from '@parley/contracts'
import { connect, type NatsConnection } from 'nats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findBinary } from '../testing/binaries.ts'
import { startNats, type RunningServer } from '../testing/servers.ts'
import { silentLog } from '../testing/silent-log.ts'
import type { Bus } from './bus.ts'
import { connectNatsBus } from './bus-nats.ts'
import { natsUsers } from './nats-users.ts'
import { wildSubject } from './params.ts'

const log = silentLog()
const passwordOf = (user: string): string => `secret-of-${user}`
const services = Object.keys(busGrants) as (keyof typeof busGrants)[]
const buses = new Map<string, Bus>()
const plain = new Map<string, NatsConnection>()
let nats: RunningServer

beforeAll(async () => {
  nats = await startNats({ config: natsUsers({ passwordOf: (user) => `"${passwordOf(user)}"` }) })
  for (const user of services) {
    const login = { user, password: passwordOf(user) }
    buses.set(user, await connectNatsBus({ url: nats.url, login, name: `${user}/1`, log }))
    plain.set(
      user,
      await connect({ servers: nats.url, user, pass: passwordOf(user), inboxPrefix: `parley.inbox.${user}` }),
    )
  }
}, 30_000)
afterAll(async () => {
  await Promise.all([...buses.values()].map((bus) => bus.close(200)))
  await Promise.all([...plain.values()].map((connection) => connection.close()))
  await nats.stop()
})

const busOf = (user: string): Bus => buses.get(user) ?? never(user)
const plainOf = (user: string): NatsConnection => plain.get(user) ?? never(user)
const never = (user: string): never => {
  throw new Error(`no connection of ${user}`)
}
const exact = (subject: string): string => wildSubject(subject).replaceAll('*', 'x1')

/** Whether the server lets this user hear there. */
async function mayHear(user: string, subject: string): Promise<boolean> {
  const { promise: refused, resolve } = Promise.withResolvers<false>()
  const subscription = plainOf(user).subscribe(`parley.${subject}`, { callback: (error) => error && resolve(false) })
  const answered = plainOf(user)
    .flush()
    .then(() => new Promise<true>((done) => setTimeout(() => done(true), 20)))
  const may = await Promise.race([refused, answered])
  if (!subscription.isClosed()) subscription.unsubscribe()
  return may
}

/** Whether what this user publishes there arrives at a user that may hear it. */
async function maySay(user: string, subject: string, hearer: string): Promise<boolean> {
  let heard = false
  const subscription = busOf(hearer).subscribe(subject, () => (heard = true))
  await subscription.ready()
  plainOf(user).publish(`parley.${subject}`, '{}')
  await plainOf(user).flush()
  await subscription.ready()
  subscription.unsubscribe()
  return heard
}

const hearerOf = (subject: string): string | undefined =>
  services.find((service) =>
    [...busGrants[service].responds, ...busGrants[service].subscribes].some((one) => one.subject === subject),
  )
const subjectsOf = (way: keyof BusGrant): string[] => [
  ...new Set(services.flatMap((service) => busGrants[service][way].map(({ subject }) => subject))),
]

describe('the users of NATS', () => {
  it('S38 hear what their service responds or subscribes to, and nothing else', async () => {
    const all = [...subjectsOf('responds'), ...subjectsOf('subscribes')]
    for (const service of services) {
      const { responds, subscribes } = busGrants[service]
      const own = new Set([...responds, ...subscribes].map(({ subject }) => subject))
      for (const subject of all)
        expect([service, subject, await mayHear(service, exact(subject))]).toEqual([service, subject, own.has(subject)])
      expect(await mayHear(service, '>')).toBe(false)
      for (const other of services)
        expect([service, other, await mayHear(service, `inbox.${other}.>`)]).toEqual([
          service,
          other,
          other === service,
        ])
    }
  }, 60_000)

  it('S38 say what their service requests or publishes, and nothing else', async () => {
    for (const service of services) {
      const { requests, publishes } = busGrants[service]
      const own = new Set([...requests, ...publishes].map(({ subject }) => subject))
      for (const subject of [...subjectsOf('requests'), ...subjectsOf('publishes')]) {
        const hearer = hearerOf(subject)
        if (hearer === undefined) throw new Error(`nobody subscribes ${subject}`)
        expect([service, subject, await maySay(service, exact(subject), hearer)]).toEqual([
          service,
          subject,
          own.has(subject),
        ])
      }
    }
  }, 60_000)

  it('S38 chat can neither hear room tokens nor end a meeting, nor speak for the nodes of a room', async () => {
    const end = JSON.stringify({ kind: 'end' })
    await busOf('meetings')
      .respond(meetingsBus.redeem.subject, 'meetings', async () => 'grant')
      .ready()
    await busOf('meetings')
      .respond(meetingsBus.end.subject, 'meetings', async () => 'ended')
      .ready()
    await busOf('signaling')
      .respond(signalingBus.command.subject, 'signaling', async () => 'done')
      .ready()
    const chat = busOf('chat')
    for (const { subject } of [meetingsBus.redeem, meetingsBus.end, signalingBus.command])
      await expect(chat.request(subject, end, 1_500)).rejects.toMatchObject({ code: 'unavailable' })
    expect(await mayHear('chat', meetingsBus.redeem.subject)).toBe(false)
    expect(await mayHear('chat', '*.*')).toBe(false)
    expect(await maySay('chat', 'room.m1', 'signaling')).toBe(false)
    expect(await maySay('chat', 'room.m1.lobby', 'signaling')).toBe(false)
    expect(await maySay('chat', 'room.m1.chat', 'signaling')).toBe(true)
    expect(await busOf('signaling').request(meetingsBus.redeem.subject, '', 2_000)).toBe('grant')
    expect(await busOf('meetings').request(signalingBus.command.subject, end, 2_000)).toBe('done')
  })

  it('S38 get responds, and are asked for their clocks', async () => {
    await busOf('auth')
      .respond(authBus.keys.subject, 'auth', async () => 'keys')
      .ready()
    await busOf('chat')
      .respond(chatBus.head.subject, 'chat', async () => 'head')
      .ready()
    for (const user of ['gateway', 'meetings', 'chat', 'media', 'signaling'])
      expect(await busOf(user).request(authBus.keys.subject, '', 2_000)).toBe('keys')
    for (const user of ['meetings', 'signaling'])
      expect(await busOf(user).request(chatBus.head.subject, '', 2_000)).toBe('head')
  })

  it('S38 the file in deploy/nats is one that a server takes, with quoted passwords from its environment', () => {
    const file = join(import.meta.dirname, '../../../../deploy/nats/users.conf')
    const named = [...readFileSync(file, 'utf8').matchAll(/\$(NATS_\w+)/g)].map(([, name = '']) => name)
    expect(named).toHaveLength(services.length)
    const env = Object.fromEntries(named.map((name, at) => [name, `"${at}e45f"`]))
    const check = execFileSync(findBinary('nats-server', 'nats-server'), ['-c', file, '-t'], { env, stdio: 'pipe' })
    expect(check.toString()).toBe('')
  })
})
