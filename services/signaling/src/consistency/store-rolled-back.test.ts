import { setTimeout as sleep } from 'node:timers/promises'
import { signalingBus } from '@parley/contracts'
import { startRedis, eventually, type RunningServer } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepFacts } from '../testing/facts.ts'
import { aMeeting } from '../testing/harness.ts'
import { startLinkedNodes } from '../testing/linked-nodes.ts'
import { Member } from '../testing/member.ts'
import { copyDoc, keysOf, redisCli } from '../testing/redis-docs.ts'
import { worlds } from '../testing/worlds.ts'

describe('a Redis that goes back by a commit', () => {
  let world: Awaited<ReturnType<(typeof worlds)['on NATS and Redis']>>
  let product: Awaited<ReturnType<typeof startLinkedNodes>>
  let facts: ReturnType<typeof keepFacts>
  const restarted: RunningServer[] = []
  beforeAll(async () => {
    world = await worlds['on NATS and Redis']()
    product = await startLinkedNodes(world, { silentOn: [[], [signalingBus.command.subject]] })
    facts = keepFacts(world.kv)
  })
  afterAll(async () => {
    await facts.stop()
    await product.stop()
    for (const redis of restarted) await redis.stop()
  })

  const come = async (node: number, meeting: ReturnType<typeof aMeeting>, name: string, role?: 'host') => {
    const joined = await product.join(node, meeting, name, role)
    return { ...joined, member: new Member(joined.client, joined.token, joined.joined) }
  }
  const twoParticipants = async () => {
    const meeting = aMeeting()
    const host = await come(0, meeting, 'Host', 'host')
    const guest = await come(1, meeting, 'Gus')
    await host.client.waitFor('participant.joined')
    return { meeting, host, guest }
  }
  /** All see the same, and it holds. */
  const agree = async (members: readonly Member[]) => {
    const same = () => {
      const [first, ...others] = members.map(({ view }) => view)
      for (const other of others) expect(other).toEqual(first)
    }
    await eventually(same)
    await sleep(300)
    same()
    expect(members.flatMap(({ gaps }) => gaps)).toEqual([])
  }
  type ShownState = { hand: number | null; mic: boolean }
  const seenBy = ({ member }: { member: Member }, id: string) => member.view.participants[id] as ShownState | undefined

  it('C4 an acknowledged change stays when a node that knows of it commits next', async () => {
    const { meeting, host, guest } = await twoParticipants()
    const goBack = await copyDoc(world.redis.url, meeting.id)
    await guest.member.ask('hand.raise')
    await host.client.waitFor('hand.changed')
    await goBack()
    await host.member.ask('media.update', { mic: false })
    await agree([host.member, guest.member])
    expect(seenBy(host, guest.id)).toMatchObject({ hand: expect.any(Number) })
    expect(seenBy(guest, host.id)).toMatchObject({ mic: false })
    expect(facts.of(meeting.id, 'restored')).not.toEqual([])
    for (const { client } of [host, guest]) client.close()
  })

  it('C4 two histories under one number do not live on: all see the same, and later commits are seen by all', async () => {
    const { meeting, host, guest } = await twoParticipants()
    const goBack = await copyDoc(world.redis.url, meeting.id)
    product.busOf(0).deafen()
    await guest.member.ask('hand.raise')
    await goBack()
    await host.member.ask('media.update', { mic: false })
    product.busOf(0).listen()
    await guest.member.ask('media.update', { cam: false })
    await host.member.ask('hand.raise')
    await agree([host.member, guest.member])
    expect(seenBy(host, guest.id)).toMatchObject({ cam: false })
    expect(seenBy(guest, host.id)).toMatchObject({ mic: false, hand: expect.any(Number) })
    for (const { client } of [host, guest]) client.close()
  })

  it('C4 a resume from a lost history gets a snapshot, not an empty delta', async () => {
    const { meeting, host, guest } = await twoParticipants()
    const goBack = await copyDoc(world.redis.url, meeting.id)
    product.busOf(0).deafen()
    await guest.member.ask('hand.raise')
    const { v } = guest.member.view
    await goBack()
    await sleep(200)
    product.busOf(0).listen()
    await host.member.ask('media.update', { mic: false })
    const synced = await guest.client.ask('room.sync', { v })
    expect(JSON.stringify(synced.payload)).toContain(host.id)
    await agree([host.member, guest.member])
    for (const { client } of [host, guest]) client.close()
  })

  it('C4b a ban that the store went back behind is carried out again, and meanwhile everybody sees who is there', async () => {
    const { meeting, host, guest } = await twoParticipants()
    const again = await come(0, meeting, 'Ben')
    await guest.client.waitFor('participant.joined')
    const goBack = await copyDoc(world.redis.url, meeting.id)
    // The node that the banned one comes back on has not heard of the ban.
    product.busOf(1).deafen()
    await product.tellRoom(meeting.id, { kind: 'remove', userId: again.userId, reason: 'banned' })
    await again.client.waitForClose()
    await goBack()
    await sleep(200)
    product.busOf(1).listen()
    const back = await product.connect(1, again.token)
    const { sessionId, resumeToken } = again.joined
    expect(await back.ask('room.resume', { sessionId, resumeToken, v: 1 })).toMatchObject({ type: 'room.resumed' })
    await guest.member.ask('hand.raise')
    await eventually(() => expect(facts.of(meeting.id, 'restored')).not.toEqual([]))
    await product.tellAgain(meeting.id)
    expect(await back.waitForClose()).toBe(4403)
    await agree([host.member, guest.member])
    expect(seenBy(host, again.id)).toBeUndefined()
    for (const { client } of [host, guest]) client.close()
  })

  it('C21 without its index of changes a document answers what changed with a snapshot', async () => {
    const { meeting, host, guest } = await twoParticipants()
    await guest.member.ask('hand.raise')
    const keys = await keysOf(world.redis.url, meeting.id)
    await redisCli(world.redis.url, ['del', ...keys.filter((key) => key.includes('changed'))])
    expect(await host.client.ask('room.sync', { v: 1 })).toMatchObject({
      type: 'room.snapshot',
      payload: { peers: [{ id: guest.id, hand: expect.any(Number) }] },
    })
    await guest.member.ask('media.update', { mic: false })
    expect(await host.client.ask('room.sync', { v: 1 })).toMatchObject({ type: 'room.snapshot' })
    await agree([host.member, guest.member])
    for (const { client } of [host, guest]) client.close()
  })

  it('C4 a Redis that starts anew with older data is brought up to what was acknowledged', async () => {
    const { meeting, host, guest } = await twoParticipants()
    const { url, port, dir } = world.redis
    await redisCli(url, ['save'])
    await guest.member.ask('hand.raise')
    await host.client.waitFor('hand.changed')
    world.redis.kill('SIGKILL')
    await eventually(async () => await expect(redisCli(url, ['ping'])).rejects.toThrow())
    restarted.push(await startRedis({ port, dir }))
    await eventually(async () => {
      const { fields = {} } = (await world.kv.docs.read(meeting.id)) ?? {}
      expect(fields[`p:${guest.id}`]).toMatch(/"hand":\d/)
    }, 10_000)
    await host.member.ask('media.update', { mic: false })
    await agree([host.member, guest.member])
    expect(seenBy(host, guest.id)).toMatchObject({ hand: expect.any(Number) })
    for (const { client } of [host, guest]) client.close()
  })
})
