import { newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { leases } from './room/node-lease.ts'
import { aMeeting, startNodes } from './testing/harness.ts'
import { worlds } from './testing/worlds.ts'

describe.each(Object.entries(worlds))('two signaling nodes, %s', (_name, startWorld) => {
  let world: Awaited<ReturnType<typeof startWorld>>
  let product: Awaited<ReturnType<typeof startNodes>>

  beforeAll(async () => {
    world = await startWorld()
    product = await startNodes(2, world)
  })
  afterAll(async () => {
    await product.stop()
    await world.bus.close(1_000)
    await world.kv.close()
    await world.stop()
  })

  it('R1 R7 people on different nodes see each other join, act and leave, all with the same versions', async () => {
    const meeting = aMeeting()
    const ada = await product.join(0, meeting, 'Ada', 'host')
    const ben = await product.join(1, meeting, 'Ben')
    expect(ben.joined).toMatchObject({
      peers: [{ id: ada.id, name: 'Ada', role: 'host' }],
      selfParticipant: { name: 'Ben' },
      chatSeq: 0,
      graceMs: 10_000,
    })
    await ada.client.waitFor('participant.joined', ({ participant }) => (participant as { id: string }).id === ben.id)

    expect(await ben.client.ask('hand.raise')).toMatchObject({ type: 'ack' })
    expect(await ben.client.ask('media.update', { mic: false, screen: true })).toMatchObject({ type: 'ack' })
    const hand = await ada.client.waitFor('hand.changed')
    const media = await ada.client.waitFor('media.changed')
    expect(hand.payload).toMatchObject({ participantId: ben.id, raised: true, position: 1 })
    expect(media.payload).toMatchObject({ participantId: ben.id, mic: false, cam: true, screen: true })
    expect(media.payload['v']).toBe((hand.payload['v'] as number) + 1)
    await ben.client.waitFor('media.changed')

    expect(await ben.client.ask('room.leave')).toMatchObject({ type: 'room.left' })
    await ada.client.waitFor(
      'participant.left',
      ({ participantId, reason }) => participantId === ben.id && reason === 'left',
    )
    ada.client.close()
    ben.client.close()
  })

  it('R2 signals arrive in the order sent, on the same and on the other node; an unknown peer is told', async () => {
    const meeting = aMeeting()
    const [ada, ben, eve] = [
      await product.join(0, meeting, 'Ada'),
      await product.join(1, meeting, 'Ben'),
      await product.join(0, meeting, 'Eve'),
    ]
    await ada.client.waitFor('participant.joined', ({ participant }) => (participant as { id: string }).id === eve.id)
    for (let n = 0; n < 60; n++) {
      ada.client.tell('rtc.signal', { to: ben.id, data: { n } })
      ada.client.tell('rtc.signal', { to: eve.id, data: { n } })
    }
    for (const { client } of [ben, eve]) {
      await client.waitFor('rtc.signal', ({ data }) => (data as { n: number }).n === 59)
      expect(client.of('rtc.signal').map(({ payload }) => payload['data'])).toEqual(
        Array.from({ length: 60 }, (_, n) => ({ n })),
      )
      expect(client.of('rtc.signal')[0]?.payload['from']).toBe(ada.id)
    }
    expect(await ada.client.ask('rtc.signal', { to: newId(), data: {} })).toMatchObject({
      type: 'error',
      payload: { code: 'peer-not-found' },
    })
  })

  it('C1 chat goes to everybody, with its number; reactions and typing pass by', async () => {
    const meeting = aMeeting()
    const [ada, ben] = [await product.join(0, meeting, 'Ada'), await product.join(1, meeting, 'Ben')]
    const clientMessageId = newId()
    const accepted = await ben.client.ask('chat.send', { clientMessageId, text: 'hello' })
    expect(accepted).toMatchObject({ type: 'chat.accepted', payload: { seq: 1 } })
    expect(await ben.client.ask('chat.send', { clientMessageId, text: 'hello' })).toMatchObject({
      payload: { seq: 1, messageId: accepted.payload['messageId'] },
    })
    for (const { client } of [ada, ben])
      await client.waitFor('chat.message', ({ message }) => (message as { text: string }).text === 'hello')
    await ben.client.ask('reaction.send', { reaction: '👏' })
    ben.client.tell('chat.typing', { typing: true })
    await ada.client.waitFor(
      'reaction.added',
      ({ participantId, reaction }) => participantId === ben.id && reaction === '👏',
    )
    await ada.client.waitFor('chat.typing', ({ typing }) => typing === true)
    expect(ben.client.of('chat.typing')).toEqual([])
  })

  it('R4 the host mutes one and all; a participant is refused and nothing changes', async () => {
    const meeting = aMeeting()
    const [host, ben] = [await product.join(0, meeting, 'Host', 'host'), await product.join(1, meeting, 'Ben')]
    expect(await ben.client.ask('moderation.mute', { participantId: host.id, kind: 'mic' })).toMatchObject({
      type: 'error',
      payload: { code: 'forbidden' },
    })
    await host.client.waitFor('participant.joined')
    expect(await host.client.ask('moderation.mute', { participantId: ben.id, kind: 'mic' })).toMatchObject({
      type: 'ack',
    })
    await ben.client.waitFor('moderation.muted', ({ kind, by }) => kind === 'mic' && by === host.id)
    await ben.client.waitFor(
      'media.changed',
      ({ participantId, mic, by }) => participantId === ben.id && mic === false && by === host.id,
    )
    expect(await host.client.ask('moderation.muteAll', { kind: 'cam' })).toMatchObject({
      type: 'ack',
      payload: { count: 1 },
    })
  })

  it('R4 the host shows one person to everybody, on all nodes and to whoever comes; a participant may not', async () => {
    const meeting = aMeeting()
    const [host, ben] = [await product.join(0, meeting, 'Host', 'host'), await product.join(1, meeting, 'Ben')]
    await host.client.waitFor('participant.joined')
    const show = (by: typeof host, participantId: string, on: boolean) =>
      by.client.ask('moderation.spotlight', { participantId, on })
    expect(await show(ben, ben.id, true)).toMatchObject({ type: 'error', payload: { code: 'forbidden' } })
    expect(await show(host, ben.id, true)).toMatchObject({ type: 'ack' })
    const changed = (id: string, lit: boolean) =>
      ben.client.waitFor(
        'participant.updated',
        ({ participantId, spotlight }) => participantId === id && spotlight === lit,
      )
    await changed(ben.id, true)
    expect(await show(host, host.id, true)).toMatchObject({ type: 'ack' })
    await changed(ben.id, false)
    await changed(host.id, true)
    const cem = await product.join(1, meeting, 'Cem')
    const peers = cem.joined['peers'] as { id: string; spotlight?: boolean }[]
    expect(peers.filter(({ spotlight }) => spotlight).map(({ id }) => id)).toEqual([host.id])
    expect(await show(host, host.id, false)).toMatchObject({ type: 'ack' })
    await changed(host.id, false)
    expect(await show(host, newId(), true)).toMatchObject({ type: 'error', payload: { code: 'peer-not-found' } })
  })

  it('R8 a dropped socket is resumed on the other node: nothing missed, nobody saw a leave', async () => {
    const meeting = aMeeting()
    const [ada, ben] = [await product.join(0, meeting, 'Ada'), await product.join(0, meeting, 'Ben')]
    const { v, sessionId, resumeToken } = ben.joined as { v: number; sessionId: string; resumeToken: string }
    ben.client.drop()
    await ada.client.waitFor('participant.updated', ({ connection }) => connection === 'reconnecting')
    await ada.client.ask('hand.raise')
    ada.client.tell('rtc.signal', { to: ben.id, data: 'while away' })

    const back = await product.connect(1, ben.token)
    const resumed = await back.ask('room.resume', { sessionId, resumeToken, v, chatSeq: 0 })
    expect(resumed).toMatchObject({
      type: 'room.resumed',
      payload: { signals: [{ from: ada.id, data: 'while away' }], signalsLost: false },
    })
    const { delta } = resumed.payload as { delta: { upserts: { id: string; hand: number | null }[]; left: string[] } }
    expect(delta.upserts.find(({ id }) => id === ada.id)?.hand).not.toBeNull()
    expect(delta.left).toEqual([])
    await ada.client.waitFor('participant.updated', ({ connection }) => connection === 'connected')
    expect(ada.client.of('participant.left')).toEqual([])
    expect(await back.ask('hand.raise')).toMatchObject({ type: 'ack' })

    const stranger = await product.connect(0, product.issuer.token())
    expect(await stranger.ask('room.resume', { sessionId, resumeToken, v })).toMatchObject({
      type: 'error',
      payload: { code: 'resume-failed', next: 'rejoin' },
    })
    const forged = resumeToken.replace(/.{4}$/, 'AAAA')
    expect(await stranger.ask('room.resume', { sessionId, resumeToken: forged, v })).toMatchObject({
      payload: { code: 'resume-failed' },
    })
  })

  it('R2 R8 signals that were lost with the socket come again, once, in order; on either node', async () => {
    const meeting = aMeeting()
    const cleo = await product.join(1, meeting, 'Cleo')
    const [ada, ben] = [await product.join(0, meeting, 'Ada'), await product.join(0, meeting, 'Ben')]
    const { v, sessionId, resumeToken } = ben.joined as { v: number; sessionId: string; resumeToken: string }
    const say = async (n: number) => ada.client.ask('rtc.signal', { to: ben.id, data: n })
    for (const n of [1, 2, 3]) expect((await say(n)).type).toBe('ack')
    await ben.client.waitFor('rtc.signal', ({ data }) => data === 3)

    // A client that the second and third did not reach: the connection was gone, and the server did not know yet.
    const back = await product.connect(1, ben.token)
    const resumed = await back.ask('room.resume', { sessionId, resumeToken, v, signalSeq: 1 })
    expect(resumed.payload).toMatchObject({ signals: [{ data: 2 }, { data: 3 }], signalsLost: false, signalSeq: 3 })
    await say(4)
    await back.waitFor('rtc.signal', ({ data }) => data === 4)
    back.drop()
    await ada.client.waitFor('participant.updated', ({ connection }) => connection === 'reconnecting')
    await say(5)
    // This signal is passed on to that node after the receiver has arrived there.
    await ada.client.ask('rtc.signal', { to: cleo.id, data: 'after 5' })
    await cleo.client.waitFor('rtc.signal')
    const again = await product.connect(1, ben.token)
    const token = String(resumed.payload['resumeToken'])
    const second = await again.ask('room.resume', { sessionId, resumeToken: token, v, signalSeq: 4 })
    expect(second.payload).toMatchObject({ signals: [{ data: 5 }], signalsLost: false, signalSeq: 5 })
    await say(6)
    await again.waitFor('rtc.signal', ({ data }) => data === 6)
    expect(again.of('rtc.signal')).toHaveLength(1)
  })

  it('R8 the old socket of a session resumed elsewhere is closed with 4409', async () => {
    const ben = await product.join(0, aMeeting(), 'Ben')
    const { v, sessionId, resumeToken } = ben.joined as { v: number; sessionId: string; resumeToken: string }
    const back = await product.connect(1, ben.token)
    expect((await back.ask('room.resume', { sessionId, resumeToken, v })).type).toBe('room.resumed')
    expect(await ben.client.waitForClose()).toBe(4409)
  })

  it('R7 C17 a room that the store has lost is put back by the nodes that know it, and its versions go on', async () => {
    const meeting = aMeeting()
    const [ada, ben] = [await product.join(0, meeting, 'Ada'), await product.join(1, meeting, 'Ben')]
    await ada.client.waitFor('participant.joined')
    const before = await world.kv.docs.read(meeting.id)
    await world.forget()
    expect(await ben.client.ask('hand.raise')).toMatchObject({ type: 'ack' })
    await ada.client.ask('media.update', { mic: false })
    await ben.client.waitFor('media.changed', ({ participantId, mic }) => participantId === ada.id && mic === false)
    const after = await world.kv.docs.read(meeting.id)
    expect(after?.head.epoch).not.toBe(before?.head.epoch)
    expect(after?.head.version).toBeGreaterThan(before?.head.version ?? 0)
  })

  it('R8 a person who does not come back leaves after the grace, by timeout', async () => {
    const meeting = aMeeting()
    const [ada, ben] = [await product.join(0, meeting, 'Ada'), await product.join(1, meeting, 'Ben')]
    ben.client.drop()
    await ada.client.waitFor('participant.updated', ({ connection }) => connection === 'reconnecting')
    await eventually(() => {
      expect(ada.client.closed).toBeNull()
      expect(ada.client.of('participant.left')).toMatchObject([
        { payload: { participantId: ben.id, reason: 'timeout' } },
      ])
    }, 15_000)
  })

  it('R8 a node whose lease runs out while it lives takes its participants back, and nobody leaves', async () => {
    const meeting = aMeeting()
    const [ada, ben] = [await product.join(0, meeting, 'Ada'), await product.join(1, meeting, 'Ben')]
    const doc = await world.kv.docs.read(meeting.id)
    const { node } = JSON.parse(doc?.fields[`p:${ada.id}`] ?? '') as { node: string }
    const announce = world.kv.announce.bind(world.kv)
    const renewal = vi
      .spyOn(world.kv, 'announce')
      .mockImplementation(async (key, member, ttlMs) => (member === node ? undefined : announce(key, member, ttlMs)))
    await world.kv.withdraw(leases, node)
    await ben.client.waitFor(
      'participant.updated',
      ({ participantId, connection }) => participantId === ada.id && connection === 'reconnecting',
    )
    renewal.mockRestore()
    await ben.client.waitFor(
      'participant.updated',
      ({ participantId, connection }) => participantId === ada.id && connection === 'connected',
    )
    expect(await ada.client.ask('hand.raise')).toMatchObject({ type: 'ack' })
    expect(ben.client.of('participant.left')).toEqual([])
  })

  it('R1 room.sync gives what changed since a version', async () => {
    const meeting = aMeeting()
    const ada = await product.join(0, meeting, 'Ada')
    const { v } = ada.joined as { v: number }
    const ben = await product.join(1, meeting, 'Ben')
    await ada.client.waitFor('participant.joined')
    expect(await ada.client.ask('room.sync', { v })).toMatchObject({
      type: 'room.delta',
      payload: { v: v + 1, upserts: [{ id: ben.id }], left: [] },
    })
  })

  it('M17 fifty may enter a meeting of fifty, over two nodes at once', async () => {
    const meeting = aMeeting({ maxParticipants: 50 })
    const answers = await Promise.all(
      Array.from({ length: 70 }, async (_, n) => {
        const { roomToken, token } = product.grant(meeting, `P${n}`)
        const client = await product.connect(n % 2, token)
        return (await client.ask('room.join', { roomToken, device: { mic: false, cam: false } })).type
      }),
    )
    expect(answers.filter((type) => type === 'room.joined')).toHaveLength(50)
  })

  it('R5 S24 a person who waits sees the place in the queue and nothing else; admitted on another node, one is in', async () => {
    const meeting = aMeeting()
    const host = await product.join(0, meeting, 'Host', 'host')
    const { roomToken, token } = product.grant(meeting, 'Gus', 'guest', 'wait')
    const guest = await product.connect(1, token)
    const waiting = await guest.ask('room.join', { roomToken, device: { mic: true, cam: true } })
    expect(waiting).toMatchObject({ type: 'lobby.waiting', payload: { position: 1 } })
    const participantId = String(waiting.payload['participantId'])
    await host.client.ask('lobby.admit', { participantId: newId() })
    await host.client.waitFor(
      'lobby.updated',
      ({ lobby }) => (lobby as { participantId: string }[])[0]?.participantId === participantId,
    )

    await host.client.ask('hand.raise')
    await host.client.ask('chat.send', { clientMessageId: newId(), text: 'secret' })
    for (const type of ['hand.raise', 'room.sync', 'rtc.signal', 'chat.send', 'lobby.admitAll']) {
      const payload = {
        'room.sync': { v: 0 },
        'rtc.signal': { to: host.id, data: 1 },
        'chat.send': { clientMessageId: newId(), text: 'x' },
      }[type]
      expect(await guest.ask(type, payload)).toMatchObject({ type: 'error', payload: { code: 'wrong-state' } })
    }
    expect(
      guest.received.map(({ type }) => type).filter((type) => !['lobby.waiting', 'error', 'ping'].includes(type)),
    ).toEqual([])

    expect(await host.client.ask('lobby.admit', { participantId })).toMatchObject({ type: 'ack' })
    const result = await guest.waitFor('lobby.result')
    expect(result.payload).toMatchObject({
      admitted: true,
      selfParticipant: { id: participantId, name: 'Gus' },
      peers: [{ id: host.id }],
    })
    await host.client.waitFor(
      'participant.joined',
      ({ participant }) => (participant as { id: string }).id === participantId,
    )
    expect(await guest.ask('hand.raise')).toMatchObject({ type: 'ack' })
  })

  it('R5 the wait is resumed on another node; a rejected user is told why', async () => {
    const meeting = aMeeting()
    const host = await product.join(0, meeting, 'Host', 'host')
    const { roomToken, token } = product.grant(meeting, 'Gus', 'guest', 'wait')
    const guest = await product.connect(0, token)
    const { payload } = await guest.ask('room.join', { roomToken, device: { mic: true, cam: true } })
    guest.drop()
    const back = await product.connect(1, token)
    const { sessionId, resumeToken } = payload
    expect(await back.ask('room.resume', { sessionId, resumeToken, v: 0 })).toMatchObject({
      type: 'lobby.waiting',
      payload: { position: 1, participantId: payload['participantId'] },
    })
    expect(await host.client.ask('lobby.reject', { participantId: payload['participantId'] })).toMatchObject({
      type: 'ack',
    })
    await back.waitFor('lobby.result', ({ admitted, reason }) => admitted === false && reason === 'rejected')
  })

  it('R3 a refused resume says to join anew only where that may help', async () => {
    const meeting = aMeeting()
    const [host, ben] = [await product.join(0, meeting, 'Host', 'host'), await product.join(1, meeting, 'Ben')]
    const { sessionId, resumeToken } = ben.joined
    host.client.tell('meeting.end', {}, 'end')
    expect(await ben.client.waitForClose()).toBe(4410)
    const back = await product.connect(0, ben.token)
    const refused = await back.ask('room.resume', { sessionId, resumeToken, v: 1, features: ['lobby.delta'] })
    expect([refused.payload['code'], refused.payload['next']]).toEqual(['meeting-over', undefined])
    back.close()
  })

  it('R4 a person who is removed is told, closed with 4403, and cannot resume; a participant removes nobody', async () => {
    const meeting = aMeeting()
    const [host, ben] = [await product.join(0, meeting, 'Host', 'host'), await product.join(1, meeting, 'Ben')]
    expect(await ben.client.ask('moderation.remove', { participantId: host.id })).toMatchObject({
      payload: { code: 'forbidden' },
    })
    await host.client.waitFor('participant.joined')
    expect(await host.client.ask('moderation.remove', { participantId: ben.id, ban: true })).toMatchObject({
      type: 'ack',
    })
    expect(await ben.client.waitForClose()).toBe(4403)
    const told = ben.client.of('room.kicked').map(({ payload }) => payload)
    expect(told).toEqual([{ reason: 'banned', by: host.id, byUserId: host.userId }])
    await host.client.waitFor(
      'participant.left',
      ({ participantId, reason }) => participantId === ben.id && reason === 'kicked',
    )
    const back = await product.connect(0, ben.token)
    const { sessionId, resumeToken } = ben.joined
    expect(await back.ask('room.resume', { sessionId, resumeToken, v: 1 })).toMatchObject({
      payload: { code: 'resume-failed' },
    })
  })

  it('R4 S23 a cohost may mute, and may not any more once demoted', async () => {
    const meeting = aMeeting()
    const [host, ben] = [await product.join(0, meeting, 'Host', 'host'), await product.join(1, meeting, 'Ben')]
    await host.client.waitFor('participant.joined')
    await host.client.ask('moderation.role', { participantId: ben.id, role: 'cohost' })
    await ben.client.waitFor('participant.updated', ({ role }) => role === 'cohost')
    expect(await ben.client.ask('moderation.muteAll', { kind: 'mic' })).toMatchObject({ type: 'ack' })
    await host.client.ask('moderation.role', { participantId: ben.id, role: 'participant' })
    await ben.client.waitFor('participant.updated', ({ role }) => role === 'participant')
    expect(await ben.client.ask('moderation.muteAll', { kind: 'mic' })).toMatchObject({
      payload: { code: 'forbidden' },
    })
  })

  it('S16 a revoked session loses its socket within 2 s', async () => {
    const sid = newId()
    const client = await product.connect(1, product.issuer.token({ sid }))
    product.issuer.revoke({ kind: 'session', id: sid })
    expect(await client.waitForClose()).toBe(4401)
  })
})
