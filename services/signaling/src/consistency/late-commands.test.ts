import { signalingBus, type Role } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decide } from '../room/decide.ts'
import { draft, emptyRoom, type RoomState } from '../room/state.ts'
import { aMeeting } from '../testing/harness.ts'
import { startLinkedNodes } from '../testing/linked-nodes.ts'
import { aLiveRoom, aSeat } from '../testing/live-rooms.ts'
import { createStoreLink } from '../testing/links.ts'
import { worlds } from '../testing/worlds.ts'

describe.each(Object.entries(worlds))('commands of meetings in their order, %s', (_name, startWorld) => {
  let product: Awaited<ReturnType<typeof startLinkedNodes>>
  beforeAll(async () => {
    product = await startLinkedNodes(await startWorld())
  })
  afterAll(() => product.stop())

  const carryOutOn = async (node: number, meetingId: string, command: Parameters<typeof product.number>[1]) =>
    void (await product.busOf(node).ask(signalingBus.command.subject, JSON.stringify({ meetingId, command })))
  const roleOf = async ({ client }: Awaited<ReturnType<typeof product.join>>, id: string) => {
    const { payload } = await client.ask('room.sync', { v: 0 })
    const participants = [payload['selfParticipant'], ...((payload['peers'] ?? payload['upserts']) as object[])]
    return participants.map((one) => one as { id: string; role: Role } | undefined).find((one) => one?.id === id)?.role
  }

  it('C5 a command that comes late, or again, does nothing once a later one was carried out', async () => {
    const meeting = aMeeting()
    const host = await product.join(0, meeting, 'Host', 'host')
    const ben = await product.join(1, meeting, 'Ben')
    const cohost = product.number(meeting.id, { kind: 'role', userId: ben.userId, role: 'cohost' })
    const participant = product.number(meeting.id, { kind: 'role', userId: ben.userId, role: 'participant' })
    await carryOutOn(1, meeting.id, cohost)
    await host.client.waitFor('participant.updated', ({ role }) => role === 'cohost')
    await carryOutOn(1, meeting.id, participant)
    await carryOutOn(0, meeting.id, cohost)
    await carryOutOn(1, meeting.id, cohost)
    expect(await ben.client.ask('moderation.muteAll', { kind: 'mic' })).toMatchObject({
      payload: { code: 'forbidden' },
    })
    expect(await roleOf(host, ben.id)).toBe('participant')
    for (const { client } of [host, ben]) client.close()
  })

  it('C5 X7b a command that changed nothing is remembered too, on every node and in the store', async () => {
    const meeting = aMeeting()
    const host = await product.join(0, meeting, 'Host', 'host')
    const early = product.number(meeting.id, { kind: 'role', userId: meeting.id, role: 'cohost' })
    const late = product.number(meeting.id, { kind: 'role', userId: meeting.id, role: 'participant' })
    await carryOutOn(0, meeting.id, late)
    await carryOutOn(1, meeting.id, { ...early, kind: 'end', reason: 'host' })
    expect((await host.client.ask('hand.raise')).type).toBe('ack')
    expect(host.client.closed).toBeNull()
    host.client.close()
  })

  /** Somebody whose join meetings has decided, and whose commit at node 1 waits while `meanwhile` happens on node 0. */
  const comeIn = async (
    role: 'host' | 'participant',
    meanwhile: (who: { meetingId: string; userId: string }) => Promise<void>,
  ) => {
    const meeting = aMeeting()
    const host = await product.join(0, meeting, 'Host', role === 'host' ? 'participant' : 'host')
    const { roomToken, token, userId } = product.grant(meeting, 'Cleo', role)
    const client = await product.connect(1, token)
    product.storeOf(1).letCommits('waiting')
    client.tell('room.join', { roomToken, device: { mic: true, cam: true } }, 'j')
    await eventually(() => expect(product.storeOf(1).underWay).toBe(1))
    await meanwhile({ meetingId: meeting.id, userId })
    product.storeOf(1).letCommits('answered')
    await eventually(() => expect(client.answersTo('j')).toHaveLength(1))
    const close = () => [client, host.client].forEach((socket) => socket.close())
    return { client, host, answer: client.answersTo('j')[0], close }
  }

  it('X7b a role that was taken while the join was under way is not held after it', async () => {
    const { client, host, answer, close } = await comeIn('participant', async ({ meetingId, userId }) => {
      await carryOutOn(0, meetingId, product.number(meetingId, { kind: 'role', userId, role: 'cohost' }))
    })
    expect(answer).toMatchObject({ type: 'room.joined', payload: { selfParticipant: { role: 'cohost' } } })
    await host.client.waitFor(
      'participant.joined',
      ({ participant }) => (participant as { role: Role }).role === 'cohost',
    )
    expect((await client.ask('moderation.muteAll', { kind: 'mic' })).type).toBe('ack')
    close()
  })

  it('X7d a host who hands the meeting over while joining is not the host any more: there is one', async () => {
    const { client, host, answer, close } = await comeIn('host', async ({ meetingId, userId }) => {
      await carryOutOn(0, meetingId, product.number(meetingId, { kind: 'role', userId: host0(), role: 'host' }))
      await carryOutOn(0, meetingId, product.number(meetingId, { kind: 'role', userId, role: 'participant' }))
    })
    expect(answer).toMatchObject({ type: 'room.joined', payload: { selfParticipant: { role: 'participant' } } })
    expect(await client.ask('moderation.muteAll', { kind: 'mic' })).toMatchObject({ payload: { code: 'forbidden' } })
    const synced = await host.client.ask('room.sync', { v: 0 })
    expect(JSON.stringify(synced.payload).match(/"role":"host"/g) ?? []).toHaveLength(0)
    close()
  })
  const host0 = () => '00000000-0000-7000-8000-000000000000'

  it('X7b a person who is removed while joining does not come in', async () => {
    const { host, answer, close } = await comeIn('participant', async ({ meetingId, userId }) => {
      await carryOutOn(0, meetingId, product.number(meetingId, { kind: 'remove', userId, reason: 'banned' }))
    })
    expect(answer).toMatchObject({ type: 'error', payload: { code: 'forbidden' } })
    expect(host.client.of('participant.joined')).toEqual([])
    close()
  })

  it('X9a settings and limit that changed while the join was under way hold for it', async () => {
    let changed = aMeeting()
    const { answer, close } = await comeIn('participant', async ({ meetingId }) => {
      changed = { ...changed, id: meetingId, version: 2, settings: { ...changed.settings, audio: false } }
      await carryOutOn(0, meetingId, product.number(meetingId, { kind: 'meeting-updated', meeting: changed }))
    })
    expect(answer).toMatchObject({
      type: 'room.joined',
      payload: { meeting: { version: 2 }, selfParticipant: { mic: false, cam: true } },
    })
    close()
  })

  it('X9 the last seat is taken once, though both joins were decided before either was committed', async () => {
    const meeting = aMeeting({ maxParticipants: 2 })
    const host = await product.join(0, meeting, 'Host', 'host')
    const [ada, ben] = [product.grant(meeting, 'Ada'), product.grant(meeting, 'Ben')]
    const [first, second] = await Promise.all([ada, ben].map(({ token }, node) => product.connect(node, token)))
    product.storeOf(0).letCommits('waiting')
    product.storeOf(1).letCommits('waiting')
    first?.tell('room.join', { roomToken: ada.roomToken, device: { mic: true, cam: true } }, 'j')
    second?.tell('room.join', { roomToken: ben.roomToken, device: { mic: true, cam: true } }, 'j')
    await eventually(() => expect(product.storeOf(0).underWay + product.storeOf(1).underWay).toBe(2))
    for (const node of [0, 1]) product.storeOf(node).letCommits('answered')
    const answers = () => [first, second].flatMap((client) => client?.answersTo('j') ?? [])
    await eventually(() => expect(answers()).toHaveLength(2))
    expect(
      answers()
        .map(({ type, payload }) => payload['code'] ?? type)
        .toSorted(),
    ).toEqual(['meeting-full', 'room.joined'])
    for (const client of [first, second, host.client]) client?.close()
  })
})

describe('a command that its caller has given up', () => {
  it('C5 is never carried out, and those that queue with it are', async () => {
    const link = createStoreLink(aLiveRoom().kv)
    const { room } = aLiveRoom(undefined, { kv: link.kv })
    const meeting = aMeeting()
    await room.submit({ kind: 'join', seat: aSeat('a'), meeting })
    link.letCommits('waiting')
    const first = room.submit({ kind: 'hand', by: 'a', raised: true })
    await eventually(() => expect(link.underWay).toBe(1))
    let late = false
    const givenUp = room.submit({ kind: 'role', userId: 'u-a', role: 'cohost' }, () => late)
    const last = room.submit({ kind: 'media', by: 'a', changed: { mic: false } })
    late = true
    link.letCommits('answered')
    await expect(givenUp).rejects.toMatchObject({ code: 'deadline-exceeded' })
    await Promise.all([first, last])
    expect(room.state.seats.get('a')?.participant).toMatchObject({ role: 'participant', mic: false })
  })
})

describe('a seat whose grant took commands into account (X7)', () => {
  const meeting = aMeeting()
  const room = (asOf: number, commandSeq: number): RoomState => {
    const state = draft({ ...emptyRoom(meeting.id, 'e'), meeting, commandSeq })
    state.seats.set('a', aSeat('a', { asOf }))
    return state
  }
  const kinds = (state: RoomState, command: Parameters<typeof decide>[1]) => {
    const decided = decide(state, command, 0)
    return Array.isArray(decided) ? decided.map(({ kind }) => kind) : decided.refused
  }
  it.each([
    ['a removal that it knew of does not concern it', 3, 'noted'],
    ['a removal that came after it does', 2, 'left'],
  ])('%s', (_what, asOf, kind) => {
    const command = { kind: 'remove', userId: 'u-a', reason: 'removed', seq: 3 } as const
    expect(kinds(room(asOf, 2), command)).toEqual([kind])
  })
  it.each([
    ['a role that it knew of does not concern it', 3, 'noted'],
    ['a role that was given after it does', 2, 'seat'],
  ])('%s', (_what, asOf, kind) => {
    expect(kinds(room(asOf, 2), { kind: 'role', userId: 'u-a', role: 'cohost', seq: 3 })).toEqual([kind])
  })
  it('a grant that is older than what the room has carried out is refused as outdated', () => {
    const join = { kind: 'join', seat: aSeat('b', { asOf: 1 }), meeting } as const
    expect(decide(room(0, 2), join, 0)).toMatchObject({ refused: 'unavailable', outdated: true })
    expect(kinds(room(0, 1), join)).toEqual(['joined'])
  })
})
