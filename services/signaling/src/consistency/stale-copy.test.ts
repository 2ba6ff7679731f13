import { setTimeout as sleep } from 'node:timers/promises'
import { signalingBus } from '@parley/contracts'
import { newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aMeeting } from '../testing/harness.ts'
import { startLinkedNodes } from '../testing/linked-nodes.ts'
import { worlds } from '../testing/worlds.ts'

const forbidden = { type: 'error', payload: { code: 'forbidden' } }

describe.each(Object.entries(worlds))('a node that has not heard what others did, %s', (_name, startWorld) => {
  let product: Awaited<ReturnType<typeof startLinkedNodes>>
  beforeAll(async () => {
    // Commands of meetings are carried out by node 1, the one that is cut off.
    product = await startLinkedNodes(await startWorld(), { silentOn: [[signalingBus.command.subject]] })
  })
  afterAll(() => product.stop())

  const hostAndGuest = async (changed?: Parameters<typeof aMeeting>[0]) => {
    const meeting = aMeeting(changed)
    const host = await product.join(0, meeting, 'Host', 'host')
    const gus = await product.join(1, meeting, 'Gus')
    await host.client.waitFor('participant.joined')
    return { meeting, host, gus }
  }
  /** Runs `act` while node 1 hears nothing of rooms, as when news are lost. */
  const unheard = async <T>(act: () => Promise<T>): Promise<T> => {
    product.busOf(1).deafen()
    try {
      return await act()
    } finally {
      // Messages published until now are lost.
      await sleep(100)
      product.busOf(1).listen()
    }
  }

  it.each(['bus', 'store'] as const)(
    'C3 both links of a node are cut, the %s is back first: its people see who came, and a ban of them holds',
    async (first) => {
      const { meeting, host, gus } = await hostAndGuest()
      const [bus, store] = [product.busOf(1), product.storeOf(1)]
      bus.cut()
      store.cut()
      const late = await product.join(0, meeting, 'Late')
      await host.client.ask('hand.raise')
      if (first === 'bus') bus.heal()
      else await store.heal()
      await sleep(400)
      if (first === 'bus') await store.heal()
      else bus.heal()
      await eventually(() => {
        const told = JSON.stringify(gus.client.received)
        expect(told).toContain(late.id)
        expect(told).toMatch(/"hand":\d/)
      })
      await product.tellRoom(meeting.id, { kind: 'remove', userId: late.userId, reason: 'banned' })
      expect(await late.client.waitForClose()).toBe(4403)
      for (const { client } of [host, gus]) client.close()
    },
  )

  it('C3 a removal is carried out by a node that has not heard that the person came', async () => {
    const { meeting, host, gus } = await hostAndGuest()
    const late = await unheard(() => product.join(0, meeting, 'Late'))
    await product.tellRoom(meeting.id, { kind: 'remove', userId: late.userId, reason: 'banned' })
    expect(await late.client.waitForClose()).toBe(4403)
    for (const { client } of [host, gus]) client.close()
  })

  it('C10 a change is compared with the newest state: after a mute that the node missed, turning the mic on counts', async () => {
    const { host, gus } = await hostAndGuest()
    await unheard(async () => {
      const muted = await host.client.ask('moderation.mute', { participantId: gus.id, kind: 'mic' })
      expect(muted.type).toBe('ack')
    })
    expect((await gus.client.ask('media.update', { mic: true })).type).toBe('ack')
    await host.client.waitFor('media.changed', ({ participantId, mic }) => participantId === gus.id && mic === true)
    const synced = await host.client.ask('room.sync', { v: 0 })
    expect(JSON.stringify(synced.payload)).not.toContain('"mic":false')
    for (const { client } of [host, gus]) client.close()
  })

  it('C10 a permission that was given unheard counts, and one that was taken does not', async () => {
    const { meeting, host, gus } = await hostAndGuest()
    const tell = (role: 'cohost' | 'participant') =>
      unheard(async () => {
        const told = product.number(meeting.id, { kind: 'role', userId: gus.userId, role })
        // Carried out on node 0, whose people hear of it.
        const changed = host.client.waitFor('participant.updated', (payload) => payload['role'] === role)
        await carryOutOn(0, meeting.id, told)
        await changed
      })
    await tell('cohost')
    expect(await gus.client.ask('moderation.mute', { participantId: host.id, kind: 'mic' })).toMatchObject({
      payload: { detail: 'The host cannot be muted' },
    })
    expect((await gus.client.ask('moderation.muteAll', { kind: 'mic' })).type).toBe('ack')
    await tell('participant')
    expect(await gus.client.ask('moderation.muteAll', { kind: 'mic' })).toMatchObject(forbidden)
    for (const { client } of [host, gus]) client.close()
  })

  it('C10 chat that was switched on unheard may be written in', async () => {
    const { meeting, host, gus } = await hostAndGuest({ settings: { ...aMeeting().settings, chat: false } })
    const message = { clientMessageId: newId(), text: 'hello' }
    expect(await gus.client.ask('chat.send', message)).toMatchObject(forbidden)
    await unheard(() =>
      carryOutOn(0, meeting.id, {
        kind: 'meeting-updated',
        meeting: { ...meeting, version: 2, settings: { ...meeting.settings, chat: true } },
      }),
    )
    expect(await gus.client.ask('chat.send', message)).toMatchObject({ type: 'chat.accepted' })
    for (const { client } of [host, gus]) client.close()
  })

  it('C10 a participant whose joining the node missed can be signalled to, made cohost and removed', async () => {
    const { meeting, host, gus } = await hostAndGuest()
    const late = await unheard(() => product.join(0, meeting, 'Late'))
    expect((await gus.client.ask('rtc.signal', { to: late.id, data: 'hi' })).type).toBe('ack')
    expect((await late.client.waitFor('rtc.signal')).payload).toMatchObject({ from: gus.id, data: 'hi' })
    expect(await gus.client.ask('rtc.signal', { to: meeting.id, data: 'hi' })).toMatchObject({
      payload: { code: 'peer-not-found' },
    })

    const chair = aMeeting()
    const boss = await product.join(1, chair, 'Boss', 'host')
    const dora = await unheard(() => product.join(0, chair, 'Dora'))
    expect((await boss.client.ask('moderation.role', { participantId: dora.id, role: 'cohost' })).type).toBe('ack')
    await dora.client.waitFor('participant.updated', ({ role }) => role === 'cohost')
    const eve = await unheard(() => product.join(0, chair, 'Eve'))
    expect((await boss.client.ask('moderation.remove', { participantId: eve.id })).type).toBe('ack')
    expect(await eve.client.waitForClose()).toBe(4403)
    for (const { client } of [host, gus, late, boss, dora]) client.close()
  })

  it('C3 a refusal that the store cannot confirm is answered with unavailable', async () => {
    const { host, gus } = await hostAndGuest()
    product.storeOf(1).cut()
    for (const [type, payload] of [
      ['moderation.muteAll', { kind: 'mic' }],
      ['rtc.signal', { to: aMeeting().id, data: 'x' }],
      ['media.update', { mic: true }],
      ['hand.lower', {}],
    ] as const)
      expect(await gus.client.ask(type, payload), type).toMatchObject({ payload: { code: 'unavailable' } })
    await product.storeOf(1).heal()
    expect((await gus.client.ask('hand.lower')).type).toBe('ack')
    for (const { client } of [host, gus]) client.close()
  })

  type Command = Parameters<typeof product.number>[1]
  /** Has a node carry out a command of meetings, though another one answers for them. */
  const carryOutOn = async (node: number, meetingId: string, command: Command): Promise<void> =>
    void (await product.busOf(node).ask(signalingBus.command.subject, JSON.stringify({ meetingId, command })))
})
