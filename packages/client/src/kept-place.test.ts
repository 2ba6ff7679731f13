import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Parley } from './api.ts'
import { createParley } from './parley.ts'
import { eventually } from './testing/eventually.ts'
import { MeetingServer } from './testing/meeting-server.ts'
import { id, sampleMeeting, sampleParticipant } from './testing/samples.ts'

const code = 'abc-defg-hij'
let server: MeetingServer
let parleys: Parley[]
let kept: string | null
beforeEach(async () => {
  server = await MeetingServer.start()
  server.gateway.on('GET /v1/ice-servers', () => ({ status: 200, body: { iceServers: [] } }))
  parleys = []
  kept = null
})
afterEach(async () => {
  for (const parley of parleys) parley.close()
  await server.gateway.close()
})

/** A page of its own on the same tab. */
async function aPage(): Promise<Parley> {
  const placeStorage = { put: () => {}, take: () => kept }
  const parley = createParley({ url: server.gateway.url, onWarning: () => {}, placeStorage })
  parleys.push(parley)
  await parley.signInAsGuest({ name: 'Ann' })
  return parley
}

async function leftBehind(): Promise<void> {
  await (await aPage()).join({ code, device: { mic: true, cam: false } })
  const { participant, sessionId, resumeToken } = server.seat
  const session = { url: server.gateway.wsUrl, sessionId, resumeToken }
  kept = JSON.stringify({ session, participantId: participant.id, generation: 3, sfu: false })
}

describe('R8 a place that was kept over a reload', () => {
  test('is taken again as the same participant, with all that there is', async () => {
    server.say('before')
    await leftBehind()
    const room = await (await aPage()).resume({ code })
    expect(room?.state.get()).toMatchObject({ status: { state: 'joined' }, self: { id: id(1), mic: true }, peers: [] })
    expect(server.of('room.resume').map(({ payload }) => payload)).toEqual([
      { sessionId: server.seat.sessionId, resumeToken: 'resume-1-1', v: 0, features: ['lobby.delta'] },
    ])
    server.change('participant.joined', { participant: sampleParticipant(9) })
    await eventually(() => room?.state.get().peers.length === 1 && room.state.get().messages.length === 1)
    expect(server.seats).toHaveLength(1)
  })

  test('takes a delta since version 0 as the whole room, and ends a share of the page before', async () => {
    await leftBehind()
    const shares = sampleParticipant(1, { screen: true })
    const delta = { v: 7, upserts: [sampleParticipant(9), shares], left: [], meeting: sampleMeeting() }
    server.answering = ({ type }) =>
      type === 'room.resume'
        ? {
            type: 'room.resumed',
            payload: { delta, signals: [], signalsLost: false, signalSeq: 4, chatSeq: 0, resumeToken: 'next' },
          }
        : undefined
    const room = await (await aPage()).resume({ code })
    expect(room?.state.get()).toMatchObject({ v: 7, self: { id: id(1) }, peers: [{ id: id(9) }] })
    await eventually(() => server.of('media.update').length === 1)
    expect(server.of('media.update')[0]?.payload).toEqual({ screen: false })
  })

  test.each([
    ['there is none', () => (kept = null)],
    ['it is junk', () => (kept = '{"session":{},"generation":"many"}')],
    ['it is no JSON', () => (kept = '{')],
    ['the server knows it no more', () => (server.seat.resumeToken = 'another')],
  ])('null, so that one joins: %s', async (_name, spoil) => {
    await leftBehind()
    spoil()
    expect(await (await aPage()).resume({ code })).toBeNull()
  })

  test('a temporary refusal is retried; a server that never sends the whole room is left', async () => {
    await leftBehind()
    let failures = 1
    server.answering = ({ type }, socket) =>
      type === 'room.resume' && failures-- > 0 ? (socket.close(1012), null) : undefined
    expect(await (await aPage()).resume({ code })).not.toBeNull()
    const payload = { signals: [], signalsLost: false, signalSeq: 0, chatSeq: 0, resumeToken: 'next' }
    const delta = { v: 7, upserts: [], left: [] }
    await leftBehind()
    server.answering = ({ type }) =>
      type === 'room.resume' ? { type: 'room.resumed', payload: { ...payload, delta } } : undefined
    expect(await (await aPage()).resume({ code })).toBeNull()
  })
})
