import { setTimeout as sleep } from 'node:timers/promises'
import { eventually, freeze } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepFacts } from '../testing/facts.ts'
import { aMeeting } from '../testing/harness.ts'
import { startLinkedNodes } from '../testing/linked-nodes.ts'
import { worlds } from '../testing/worlds.ts'

const unavailable = { payload: { code: 'unavailable' } }

describe('servers that stand still', () => {
  let world: Awaited<ReturnType<(typeof worlds)['on NATS and Redis']>>
  let product: Awaited<ReturnType<typeof startLinkedNodes>>
  let facts: ReturnType<typeof keepFacts>
  beforeAll(async () => {
    world = await worlds['on NATS and Redis']()
    product = await startLinkedNodes(world)
    facts = keepFacts(world.kv)
  })
  afterAll(async () => {
    await facts.stop()
    await product.stop()
  })

  it('X17 Redis: a change without an answer is told to everybody, or certainly did not happen', async () => {
    const meeting = aMeeting()
    const ada = await product.join(0, meeting, 'Ada')
    const others = [await product.join(0, meeting, 'Ben'), await product.join(1, meeting, 'Cleo')]
    await ada.client.waitFor('participant.joined')
    await freeze(world.redis.pid)
    expect(await ada.client.ask('media.update', { mic: false })).toMatchObject(unavailable)
    await sleep(1_500)
    world.redis.kill('SIGCONT')
    // Nobody does anything more. In both cases: all know, and it stays so.
    const known = async () => {
      const { fields = {} } = (await world.kv.docs.read(meeting.id)) ?? {}
      const { participant } = JSON.parse(fields[`p:${ada.id}`] ?? '{}') as { participant: { mic: boolean } }
      return participant.mic
    }
    const seen = ({ client }: (typeof others)[number]) =>
      !client.received.some(({ type, payload }) => {
        const about = type === 'room.delta' ? (payload['upserts'] as { id: string; mic: boolean }[]) : [payload]
        return about.some(
          (one) => (one['id'] ?? (one as Record<string, unknown>)['participantId']) === ada.id && one['mic'] === false,
        )
      })
    await eventually(async () => {
      const mic = await known()
      for (const other of others) expect(seen(other)).toBe(mic)
    }, 10_000)
    await sleep(2_000)
    const mic = await known()
    for (const other of others) expect(seen(other)).toBe(mic)
    for (const { client } of [ada, ...others]) client.close()
  }, 40_000)

  it('X28 Redis: a join without an answer, whose tab is closed, keeps nobody in the room', async () => {
    const meeting = aMeeting()
    const host = await product.join(0, meeting, 'Host', 'host')
    const { roomToken, token } = product.grant(meeting, 'Ada')
    const client = await product.connect(0, token)
    await freeze(world.redis.pid)
    expect(await client.ask('room.join', { roomToken, device: { mic: true, cam: true } })).toMatchObject(unavailable)
    client.drop()
    await sleep(1_500)
    world.redis.kill('SIGCONT')
    // The reader of the facts may take a while to come back, too.
    await eventually(() => expect(facts.of(meeting.id, 'joined')).toHaveLength(2), 25_000)
    host.client.drop()
    await eventually(() => expect(facts.of(meeting.id, 'left').at(-1)).toMatchObject({ present: 0 }), 25_000)
    expect(facts.of(meeting.id, 'left')).toHaveLength(2)
  }, 80_000)

  it('C10 NATS: a participant who was muted during the outage and then turns the mic on is unmuted', async () => {
    const meeting = aMeeting()
    const host = await product.join(0, meeting, 'Host', 'host')
    const gus = await product.join(1, meeting, 'Gus')
    await host.client.waitFor('participant.joined')
    await freeze(world.nats.pid)
    const muted = await host.client.ask('moderation.mute', { participantId: gus.id, kind: 'mic' })
    expect(muted.type).toBe('ack')
    expect((await gus.client.ask('media.update', { mic: true })).type).toBe('ack')
    world.nats.kill('SIGCONT')
    await eventually(async () => {
      const { payload } = await host.client.ask('room.sync', { v: 0 })
      const participants = [...((payload['upserts'] ?? payload['peers']) as { id: string; mic: boolean }[])]
      expect(participants.find(({ id }) => id === gus.id)).toMatchObject({ mic: true })
    })
    for (const { client } of [host, gus]) client.close()
  })
})
