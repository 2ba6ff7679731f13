import { setTimeout as sleep } from 'node:timers/promises'
import { signalingBus } from '@parley/contracts'
import { eventually, freeze } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepFacts } from '../testing/facts.ts'
import { aMeeting } from '../testing/harness.ts'
import { startLinkedNodes } from '../testing/linked-nodes.ts'
import type { WireClient } from '../testing/wire-client.ts'
import { worlds } from '../testing/worlds.ts'

const graceAndMoreMs = 20_000
type Product = Awaited<ReturnType<typeof startLinkedNodes>>
type Member = Awaited<ReturnType<Product['join']>>

/** Opens a socket at a node and asks to go on with the session. */
async function resume(product: Product, node: number, { token, joined }: Member) {
  const client = await product.connect(node, token)
  const { sessionId, resumeToken, v } = joined
  return { client, answer: await client.ask('room.resume', { sessionId, resumeToken, v }) }
}

/** The people who have left, as a client was told: by the event, or by a delta where their node had to read what it missed. */
const goneFor = ({ client }: Member): unknown[] => [
  ...client.of('participant.left').map(({ payload }) => payload['participantId']),
  ...client.of('room.delta').flatMap(({ payload }) => payload['left']),
]

describe.each(Object.entries(worlds))('a participant whose joining fails halfway, %s', (_name, startWorld) => {
  let product: Product
  let facts: ReturnType<typeof keepFacts>
  beforeAll(async () => {
    const world = await startWorld()
    product = await startLinkedNodes(world)
    facts = keepFacts(world.kv)
  })
  afterAll(async () => {
    await facts.stop()
    await product.stop()
  })

  const hostAndGuest = async () => {
    const meeting = aMeeting()
    const host = await product.join(0, meeting, 'Host', 'host')
    const guest = await product.join(0, meeting, 'Gus')
    await host.client.waitFor('participant.joined')
    return { meeting, host, guest }
  }

  it('X16 a resume whose commit gets no answer, made or late, on either node, leaves no ghost behind', async () => {
    const failing = [0, 1].flatMap((node) => (['unanswered', 'late'] as const).map((fate) => ({ node, fate })))
    const failed: (Awaited<ReturnType<typeof hostAndGuest>> & { client: WireClient })[] = []
    for (const { node, fate } of failing) {
      const both = await hostAndGuest()
      both.guest.client.drop()
      await both.host.client.waitFor('participant.updated', ({ connection }) => connection === 'reconnecting')
      product.storeOf(node).letCommits(fate)
      const { client, answer } = await resume(product, node, both.guest)
      expect(answer).toMatchObject({ payload: { code: 'unavailable' } })
      product.storeOf(node).letCommits('answered')
      await product.storeOf(node).arrive()
      failed.push({ ...both, client })
    }
    // The tabs stay open: an open socket that is not in the room keeps nobody there.
    for (const { host, guest, client } of failed) {
      await eventually(
        () => expect(goneFor(host), JSON.stringify(host.client.received)).toContain(guest.id),
        graceAndMoreMs,
      )
      expect(client.closed).toBeNull()
      for (const socket of [client, host.client]) socket.drop()
    }
    for (const { meeting } of failed)
      await eventually(() => expect(facts.of(meeting.id, 'left').at(-1)).toMatchObject({ present: 0 }), graceAndMoreMs)
  }, 60_000)

  it('X16 a person who could not resume tries again with the same token, and is in', async () => {
    const { host, guest } = await hostAndGuest()
    guest.client.drop()
    product.storeOf(1).letCommits('unanswered')
    const first = await resume(product, 1, guest)
    expect(first.answer).toMatchObject({ payload: { code: 'unavailable' } })
    product.storeOf(1).letCommits('answered')
    const second = await resume(product, 1, guest)
    expect(second.answer).toMatchObject({ type: 'room.resumed' })
    expect((await second.client.ask('hand.raise')).type).toBe('ack')
    await host.client.waitFor('hand.changed', ({ participantId }) => participantId === guest.id)
    for (const { client } of [host, first, second]) client.close()
  })

  /** Somebody comes in, and `command` is carried out in the very commit. */
  const comeInWith = async (kind: 'remove' | 'end') => {
    const { meeting, host, guest } = await hostAndGuest()
    product.storeOf(0).letCommits('waiting')
    host.client.tell('hand.raise', {}, 'h')
    await eventually(() => expect(product.storeOf(0).underWay).toBe(1))
    const { roomToken, token, userId } = product.grant(meeting, 'Late')
    const late = await product.connect(0, token)
    late.tell('room.join', { roomToken, device: { mic: true, cam: true } }, 'j')
    await sleep(300)
    const command = product.number(
      meeting.id,
      kind === 'end' ? { kind, reason: 'host' } : { kind, userId, reason: 'banned' },
    )
    const text = JSON.stringify({ meetingId: meeting.id, command })
    const told = product.busOf(0).ask(signalingBus.command.subject, text)
    product.storeOf(0).letCommits('answered')
    await told
    await eventually(() => expect(late.answersTo('j')).toHaveLength(1))
    return { host, guest, late }
  }

  it('X16 a person who comes in and is removed in one commit is not in the room, nor is their socket', async () => {
    const { host, guest, late } = await comeInWith('remove')
    expect(late.answersTo('j')[0]?.type).toBe('error')
    if (late.closed === null) {
      const answer = await Promise.race([late.ask('hand.raise'), late.waitForClose()])
      if (typeof answer === 'object') expect(answer).toMatchObject({ payload: { code: 'wrong-state' } })
    }
    await guest.client.ask('hand.raise')
    await sleep(500)
    expect(late.of('hand.changed')).toEqual([])
    for (const { client } of [host, guest, { client: late }]) client.close()
  })

  it('X16 C6 a person who comes in and finds the meeting ended in one commit is told that it is over', async () => {
    const { host, guest, late } = await comeInWith('end')
    expect(await Promise.all([host.client.waitForClose(), guest.client.waitForClose()])).toEqual([4410, 4410])
    expect(late.answersTo('j')[0]).toMatchObject({ payload: { code: 'meeting-over' } })
    if (late.closed === null) expect(await late.ask('hand.raise')).toMatchObject({ payload: { code: 'wrong-state' } })
    late.close()
  })
})

describe('X16 a Redis that stands still while somebody comes back', () => {
  it('leaves no ghost behind, and the room empties', async () => {
    const world = await worlds['on NATS and Redis']()
    const product = await startLinkedNodes(world)
    const facts = keepFacts(world.kv)
    const meeting = aMeeting()
    const host = await product.join(0, meeting, 'Host', 'host')
    const guest = await product.join(0, meeting, 'Gus')
    await host.client.waitFor('participant.joined')
    await freeze(world.redis.pid)
    guest.client.drop()
    const { client, answer } = await resume(product, 0, guest)
    expect(answer).toMatchObject({ payload: { code: 'unavailable' } })
    client.drop()
    await sleep(1_500)
    world.redis.kill('SIGCONT')
    await eventually(() => expect(goneFor(host)).toContain(guest.id), graceAndMoreMs)
    host.client.drop()
    await eventually(() => {
      expect(facts.of(meeting.id, 'left').at(-1)).toMatchObject({ present: 0 })
    }, graceAndMoreMs)
    await facts.stop()
    await product.stop()
  }, 60_000)
})
