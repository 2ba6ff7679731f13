import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createParley, type Parley, type Room } from '@parley/client'
import type { Invite, Message } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../faults/random.ts'
import { createCuttingFetch, type CuttingFetch } from '../support/cut-fetch.ts'
import { anEmail, aPerson, password } from '../support/people.ts'
import { startStack, type Product, type StackFile } from '../support/product.ts'
import {
  fold,
  messagesIn,
  roomEventsAfter,
  startOf,
  untilLevel,
  watch,
  watchMeeting,
  type MeetingWatcher,
} from '../support/watching.ts'

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31))
const random = createRandom(seed)
const cutsWanted = 100
const names = ['Ada', 'Ben', 'Cy', 'Dee']

interface Member {
  parley: Parley
  room: Room
  cutting: CuttingFetch
}

describe(`R12 event streams over two gateways and two signaling nodes, seed ${seed}`, () => {
  let product: Product & { file: StackFile }
  let members: Member[] = []
  let plain: Parley
  let meetingId = ''

  const someone = async (name: string, email = anEmail()) => {
    const cutting = createCuttingFetch({ random, maxBytes: 5_000, origins: product.gateways })
    const parley = createParley({
      url: product.gateways[members.length % 2] ?? '',
      tokenDelivery: 'body',
      fetch: cutting.fetch,
      onWarning: () => {},
    })
    await parley.signUp({ email, password, name })
    return { parley, cutting }
  }
  const cuts = () => members.reduce((sum, { cutting }) => sum + cutting.cuts, 0)

  beforeAll(async () => {
    product = await startStack(undefined, { RATE_LIMITS: 'off', CHAT_LIMIT_MESSAGES: '0' })
    const email = anEmail()
    let code = ''
    for (const name of names) {
      const { parley, cutting } = await someone(name, name === 'Ada' ? email : anEmail())
      if (code === '')
        ({ id: meetingId, code } = await parley.rest.createMeeting({ body: { title: 'Watched', type: 'public' } }))
      members.push({ parley, cutting, room: await parley.join({ code, device: { mic: true, cam: false } }) })
    }
    plain = createParley({ url: product.gateways[0] ?? '', tokenDelivery: 'body', onWarning: () => {} })
    await plain.signIn({ email, password })
  }, 120_000)
  afterAll(async () => {
    for (const { parley } of members) parley.close()
    plain.close()
    await product.stop()
  }, 60_000)

  /** Chat, media, hands and comings and goings, until told to end; resolves to the messages that were accepted. */
  async function act(until: () => boolean, tolerant = false): Promise<Message[]> {
    const accepted: Promise<Message | null>[] = []
    const { code } = await plain.rest.getMeeting({ params: { id: meetingId } })
    const doing = members.map(async ({ room }, index) => {
      for (let n = 0; !until(); n += 1) {
        accepted.push(room.sendMessage(`${names[index]} ${n}`))
        const changed = n % 3 === 0 ? (n % 2 === 0 ? room.raiseHand() : room.lowerHand()) : room.setMic(n % 2 === 0)
        await (tolerant ? Promise.allSettled([changed]) : changed)
        await sleep(100 + random() * 150)
      }
    })
    const visiting = (async () => {
      while (!until()) {
        const visitor = await aPerson(product.gateways[1] ?? '', 'Visitor')
        const visit = visitor.join({ code, device: { mic: false, cam: false } }).then((room) => room.leave())
        await (tolerant ? Promise.allSettled([visit]) : visit)
        visitor.close()
        await sleep(500)
      }
    })()
    await Promise.all([...doing, visiting])
    return (await Promise.all(accepted)).flatMap((message) => message ?? [])
  }

  async function truth(): Promise<Message[]> {
    const all: Message[] = []
    for (let more = true; more;) {
      const query = { afterSeq: all.at(-1)?.seq ?? 0, limit: 200 }
      const { items } = await plain.rest.listMessages({ params: { id: meetingId }, query })
      all.push(...items)
      more = items.length > 0
    }
    return all
  }

  async function sameAsTruth(watchers: readonly MeetingWatcher[], from: number): Promise<void> {
    const said = (await truth()).filter(({ seq }) => seq > from)
    for (const watcher of watchers) expect(messagesIn(watcher)).toEqual(said)
    const snapshot = await members[0]?.room.snapshot()
    if (!snapshot) throw new Error('the room has no snapshot')
    const present = [snapshot.selfParticipant, ...snapshot.peers].sort((a, b) => (a.id < b.id ? -1 : 1))
    for (const watcher of watchers)
      expect([...fold(watcher).values()].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(present)
  }

  const begin = async () => {
    const whole = watchMeeting(plain, meetingId)
    await eventually(() => expect(whole.events.length).toBeGreaterThan(0), 10_000)
    const watchers = members.map(({ parley }) => watchMeeting(parley, meetingId))
    await eventually(() => expect(watchers.every(({ events }) => events.length > 0)).toBe(true), 20_000)
    const starts = watchers.map(startOf)
    const [v, chatSeq] = [
      Math.max(...starts.map((start) => start.v)),
      Math.max(...starts.map((start) => start.chatSeq)),
    ]
    return { whole, watchers, v, chatSeq }
  }

  it('R12 a hundred cuts at random places: nothing is missed, nothing comes twice', async () => {
    const { whole, watchers, v, chatSeq } = await begin()
    const deadline = Date.now() + 150_000
    const accepted = await act(() => cuts() >= cutsWanted || Date.now() > deadline)
    for (const { cutting } of members) cutting.spare()
    await untilLevel([whole, ...watchers], 20_000)
    process.stdout.write(`seed ${seed}: ${cuts()} cuts, ${whole.events.length} events, ${accepted.length} messages\n`)
    expect(cuts()).toBeGreaterThanOrEqual(cutsWanted)
    for (const watcher of watchers) {
      expect(roomEventsAfter(watcher, v)).toEqual(roomEventsAfter(whole, v))
      expect(watcher.events.filter(({ type }) => type === 'room.snapshot' || type === 'room.delta')).toHaveLength(1)
    }
    await sameAsTruth([whole, ...watchers], chatSeq)
    await Promise.all([whole, ...watchers].map((watcher) => watcher.stop()))
  }, 240_000)

  it('R12 the stream of an account, cut as often, tells each invite once and in order', async () => {
    const { parley, cutting } = await someone('Eve')
    const eve = parley.user.get()
    if (eve === null) throw new Error('Eve is not signed in')
    const watcher = watch((options) => parley.userEvents(options))
    await eventually(() => expect(watcher.events.map(({ type }) => type)).toEqual(['stream.opened']), 20_000)
    const expected: string[] = []
    for (let n = 0; n < 60 || cutting.cuts < 15; n += 1) {
      const { id } = await plain.rest.createMeeting({ body: { title: `Invited ${n}` } })
      const invite: Invite = await plain.rest.createInvite({ params: { id }, body: { userId: eve.id } })
      expected.push(`invite.received ${invite.id}`)
      if (n % 3 === 0) {
        await parley.rest.acceptInvite({ params: { inviteId: invite.id }, body: {} })
        expected.push(`invite.answered ${invite.id}`)
      }
      if (n % 3 === 1) {
        await plain.rest.revokeInvite({ params: { inviteId: invite.id } })
        expected.push(`invite.revoked ${invite.id}`)
      }
      await sleep(100)
    }
    cutting.spare()
    const told = () =>
      watcher.events.slice(1).map(({ type, data }) => `${type} ${'invite' in data ? data.invite.id : ''}`)
    await eventually(() => expect(told()).toHaveLength(expected.length), 20_000)
    expect(told()).toEqual(expected)
    process.stdout.write(`seed ${seed}: ${cutting.cuts} cuts of a user stream, ${expected.length} events\n`)
    await watcher.stop()
    parley.close()
  }, 120_000)

  it('R12 T1 kill -9 of the node that serves them: they go on elsewhere, the chat exact, the room as it is', async () => {
    const { whole, watchers, chatSeq } = await begin()
    let over = false
    const acting = act(() => over, true)
    await sleep(1_500)
    const serving = await servingNode(product.file)
    process.kill(serving.pid, 'SIGKILL')
    await sleep(12_000)
    over = true
    const accepted = await acting
    await untilLevel([whole, ...watchers], 30_000)
    const numbers = new Set(messagesIn(whole).map(({ seq }) => seq))
    expect(accepted.every(({ seq }) => numbers.has(seq))).toBe(true)
    await sameAsTruth([whole, ...watchers], chatSeq)
    await Promise.all([whole, ...watchers].map((watcher) => watcher.stop()))
  }, 120_000)
})

/** The node that has event streams. */
async function servingNode({ signaling }: StackFile): Promise<StackFile['signaling'][number]> {
  for (const node of signaling) {
    const metrics = await (await fetch(`${node.url}/metrics`)).text()
    if (Number(/^parley_signaling_streams\S* (\d+)$/m.exec(metrics)?.[1]) > 0) return node
  }
  throw new Error('no node has event streams')
}
