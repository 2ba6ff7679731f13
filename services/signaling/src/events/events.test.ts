import { meetingEvents, signalingBus, type Meeting, type Message } from '@parley/contracts'
import { compile, newId, publish } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EventClient } from '../testing/event-client.ts'
import { standInForEvents } from '../testing/event-sources.ts'
import { aMeeting, startNodes } from '../testing/harness.ts'
import { worlds } from '../testing/worlds.ts'

describe.each(Object.entries(worlds))('R12 event streams of two nodes, %s', (_name, startWorld) => {
  let world: Awaited<ReturnType<typeof startWorld>>
  let product: Awaited<ReturnType<typeof startNodes>>
  let others: ReturnType<typeof standInForEvents>

  beforeAll(async () => {
    world = await startWorld()
    others = standInForEvents(world.bus)
    product = await startNodes(2, world)
  })
  afterAll(async () => {
    await product.stop()
    await world.bus.close(1_000)
    await world.kv.close()
    await world.stop()
  })

  const aKnownMeeting = (changed: Partial<Meeting> = {}) => {
    const meeting = aMeeting({ status: 'live', ...changed })
    others.meetings.set(meeting.id, meeting)
    return meeting
  }
  const aReader = () => {
    const userId = newId()
    return { userId, token: product.issuer.token({ sub: userId }) }
  }
  const base = (node: number) => product.nodes[node]?.url ?? ''
  const watch = (node: number, meeting: Meeting, token: string, lastEventId?: string) =>
    new EventClient().open(`${base(node)}/v1/meetings/${meeting.id}/events`, token, lastEventId)

  const streamsOn = async (node: number): Promise<number> => {
    const metrics = await (await fetch(`${base(node)}/metrics`)).text()
    return Number(/^parley_signaling_streams\S* (\d+)$/m.exec(metrics)?.[1])
  }

  it('R12 begins with the room as it is, then tells what the socket tells, under the same names', async () => {
    const meeting = aKnownMeeting()
    const ada = await product.join(0, meeting, 'Ada', 'host')
    const stream = await watch(0, meeting, aReader().token)
    expect([stream.status, stream.contentType]).toEqual([200, 'text/event-stream'])
    const { data } = await stream.waitFor('room.snapshot')
    expect(data).toMatchObject({ meeting: { id: meeting.id }, participants: [{ id: ada.id, name: 'Ada' }], chatSeq: 0 })
    expect(stream.retry).toBeGreaterThan(0)

    const ben = await product.join(0, meeting, 'Ben')
    await ben.client.ask('hand.raise')
    await ben.client.ask('media.update', { mic: false })
    await ben.client.ask('chat.send', { clientMessageId: newId(), text: 'hello' })
    await ben.client.ask('room.leave')
    await stream.waitFor('participant.left', ({ reason }) => reason === 'left')
    await stream.waitFor('chat.message')
    const names = ['participant.joined', 'hand.changed', 'media.changed', 'chat.message', 'participant.left'] as const
    for (const name of names) {
      const told = await ada.client.waitFor(name)
      expect(stream.of(name).map(({ data: sent }) => sent)).toEqual([told.payload])
    }
    for (const { type, data: sent } of stream.events)
      expect(compile(meetingEvents[type as keyof typeof meetingEvents])(sent)).toEqual([])
    expect(new Set(stream.events.map(({ id }) => id)).size).toBe(stream.events.length)
    expect(stream.body).not.toMatch(/resume|sessionId|token/i)
    stream.cut()
  })

  it('R12 a connection that is cut again and again misses nothing and gets nothing twice', async () => {
    const meeting = aKnownMeeting()
    const ada = await product.join(0, meeting, 'Ada', 'host')
    const { token } = aReader()
    const crowd = [ada, ...(await Promise.all([1, 2, 3, 4].map((n) => product.join(0, meeting, `Ben ${n}`))))]
    const whole = await watch(0, meeting, token)
    await whole.waitFor('room.snapshot')
    const collected: { id: string; type: string; data: unknown }[] = []
    let lastEventId: string | undefined
    let acting = true
    const acts = (async () => {
      for (let n = 0; n < 120; n += 1) {
        const { client } = crowd[n % crowd.length] ?? ada
        await client.ask('media.update', { mic: n % 2 === 0 })
        expect(await client.ask('chat.send', { clientMessageId: newId(), text: `${n}` })).toMatchObject({
          type: 'chat.accepted',
        })
        if (n % 20 === 0) await (await product.join(0, meeting, `Guest ${n}`)).client.ask('room.leave')
      }
      acting = false
    })()
    while (acting) {
      const part = await watch(0, meeting, token, lastEventId)
      await eventually(() => {
        if (part.events.length < 3 && acting) throw new Error('nothing yet')
      }, 8_000)
      part.cut()
      collected.push(...part.events)
      lastEventId = part.lastEventId
    }
    await acts
    const last = await watch(0, meeting, token, lastEventId)
    const head = () => whole.events.at(-1)?.id
    await eventually(() => {
      expect(whole.of('chat.message')).toHaveLength(120)
      expect(last.lastEventId).toBe(head())
    }, 8_000)
    collected.push(...last.events)
    const of = (events: readonly { type: string; data: unknown }[], chat: boolean) =>
      events.filter(({ type }) => (type === 'chat.message') === chat).map(({ type, data }) => [type, data])
    const [, ...rest] = of(collected, false)
    const [, ...told] = of(whole.events, false)
    expect(of(collected, true)).toEqual(of(whole.events, true))
    expect(rest).toEqual(told)
    for (const stream of [whole, last]) stream.cut()
  }, 60_000)

  it('R12 another node goes on where one ended: the chat to the letter, the room as it is now', async () => {
    const meeting = aKnownMeeting()
    const ada = await product.join(0, meeting, 'Ada', 'host')
    const { token } = aReader()
    const first = await watch(0, meeting, token)
    await ada.client.ask('chat.send', { clientMessageId: newId(), text: 'one' })
    await first.waitFor('chat.message')
    first.cut()
    const ben = await product.join(0, meeting, 'Ben')
    for (const text of ['two', 'three']) await ada.client.ask('chat.send', { clientMessageId: newId(), text })
    const second = await watch(1, meeting, token, first.lastEventId)
    await second.waitFor('chat.message', ({ message }) => (message as { text: string }).text === 'three')
    expect(second.of('chat.message').map(({ data }) => (data['message'] as { seq: number }).seq)).toEqual([2, 3])
    const [delta] = second.of('room.delta')
    expect(delta?.data).toMatchObject({ upserts: [{ id: ben.id }], left: [] })
    expect(second.of('room.snapshot')).toEqual([])
    second.cut()
  })

  it('R12 C3 an edit comes after the message, live, after a cut, and on another node, once', async () => {
    const meeting = aKnownMeeting()
    const ada = await product.join(0, meeting, 'Ada', 'host')
    const { token } = aReader()
    const first = await watch(0, meeting, token)
    for (const text of ['one', 'two']) await ada.client.ask('chat.send', { clientMessageId: newId(), text })
    await first.waitFor('chat.message', ({ message }) => (message as Message).seq === 2)
    const edit = (at: number, rev: number, hint = true) => {
      const said = product.messages.get(meeting.id) ?? []
      const message = { ...(said[at] as Message), text: `edit ${rev}`, rev, editedAt: new Date().toISOString() }
      said[at] = message
      const news = { kind: 'chat' as const, type: 'chat.updated' as const, message }
      if (hint) publish(world.bus, signalingBus.roomChat, { meetingId: meeting.id }, news)
    }
    edit(0, 1)
    await first.waitFor('chat.updated', ({ message }) => (message as Message).rev === 1)
    edit(1, 2, false)
    await first.waitFor('chat.updated', ({ message }) => (message as Message).rev === 2)
    first.cut()
    edit(0, 3)
    edit(0, 4)
    for (const node of [0, 1]) {
      const again = await watch(node, meeting, token, first.lastEventId)
      await again.waitFor('chat.updated', ({ message }) => (message as Message).rev === 4)
      expect(again.of('chat.message')).toEqual([])
      again.cut()
    }
  })

  it('R12 a foreign event id starts from now, one from the future gets no more than there is', async () => {
    const meeting = aKnownMeeting()
    await product.join(0, meeting, 'Ada', 'host')
    const { token } = aReader()
    for (const id of ['nonsense', '....', 'a'.repeat(200)]) {
      const stream = await watch(0, meeting, token, id)
      await stream.waitFor('room.snapshot')
      stream.cut()
    }
    const one = await watch(0, meeting, token)
    const { id } = await one.waitFor('room.snapshot')
    const [epoch] = id.split('.')
    const ahead = await watch(0, meeting, token, `${epoch}.999999.999999.999999.999999`)
    await ahead.waitFor('room.snapshot')
    const ada = await product.join(0, meeting, 'Late')
    await ada.client.ask('chat.send', { clientMessageId: newId(), text: 'now' })
    await ahead.waitFor('participant.joined')
    await ahead.waitFor('chat.message')
    for (const stream of [one, ahead]) stream.cut()
  })

  it('R12 status comes once per change, and the stream of a meeting that is over ends, then is 204', async () => {
    const meeting = aKnownMeeting({ status: 'scheduled' })
    const { token } = aReader()
    const stream = await watch(0, meeting, token)
    const { data } = await stream.waitFor('room.snapshot')
    expect(data).toMatchObject({ participants: [], v: 0, meeting: { status: 'scheduled' } })
    others.meetings.set(meeting.id, { ...meeting, title: 'Renamed', version: 2 })
    await stream.waitFor('meeting.updated', (sent) => (sent['meeting'] as Meeting).title === 'Renamed')
    others.meetings.set(meeting.id, { ...meeting, title: 'Renamed', version: 3, status: 'cancelled' })
    await stream.waitForEnd()
    expect(stream.of('meeting.updated')).toHaveLength(2)
    const again = await watch(1, meeting, token, stream.lastEventId)
    expect(again.status).toBe(204)
    const late = await watch(1, meeting, token, stream.of('room.snapshot')[0]?.id)
    await late.waitForEnd()
    expect(late.events.map(({ type }) => type)).toEqual(['meeting.updated'])
  })

  it('R12 ends within 2 s after a removal, a revocation, or the end of the token', async () => {
    const meeting = aKnownMeeting()
    const ada = await product.join(0, meeting, 'Ada', 'host')
    const [removed, revoked, kicked] = [aReader(), aReader(), await product.join(0, meeting, 'Ben')]
    const kickedId = (kicked.joined['selfParticipant'] as { userId: string }).userId
    const iat = Math.floor(Date.now() / 1_000)
    const short = product.issuer.token({ exp: iat + 3 })
    const tokens = [removed.token, revoked.token, kicked.token, short]
    const streams = await Promise.all(tokens.map((token) => watch(0, meeting, token)))
    const [one, two, three, four] = streams
    for (const stream of streams) await stream.waitFor('room.snapshot')
    const since = Date.now()
    const timed = async (stream: EventClient | undefined) => {
      await stream?.waitForEnd()
      return Date.now() - since
    }
    others.denied.add(removed.userId)
    others.denied.add(kickedId)
    await ada.client.ask('moderation.remove', { participantId: kicked.id })
    product.issuer.revoke({ kind: 'user', id: revoked.userId, epoch: 1 })
    for (const ms of await Promise.all([one, two, three].map(timed))) expect(ms).toBeLessThan(2_500)
    await timed(four)
    expect(Date.now()).toBeLessThan((iat + 3) * 1_000 + 2_500)
    expect((await watch(0, meeting, removed.token)).status).toBe(404)
    expect((await watch(0, meeting, short)).status).toBe(401)
  }, 20_000)

  it('R12 a user has at most 12 streams on a node, and a place is free again when one ends', async () => {
    const meeting = aKnownMeeting()
    const { token } = aReader()
    const streams = await Promise.all(Array.from({ length: 12 }, () => watch(1, meeting, token)))
    const more = await watch(1, meeting, token)
    expect([more.status, more.contentType]).toEqual([429, 'application/problem+json'])
    streams[0]?.cut()
    await eventually(async () => {
      const next = await watch(1, meeting, token)
      next.cut()
      expect(next.status).toBe(200)
    }, 4_000)
    for (const stream of streams) stream.cut()
  })

  it('R12 R10 a reader that stops reading is cut, and others are not kept waiting', async () => {
    const meeting = aKnownMeeting()
    const ada = await product.join(0, meeting, 'Ada', 'host')
    const before = await streamsOn(0)
    const [slow, quick] = [await watch(0, meeting, aReader().token), await watch(0, meeting, aReader().token)]
    await slow.waitFor('room.snapshot')
    slow.pause()
    const text = 'x'.repeat(4_000)
    const said = product.messages.get(meeting.id) ?? []
    const sender = { id: newId(), name: 'Bulk' }
    for (let n = 0; n < 6_000; n += 1)
      said.push({
        id: newId(),
        seq: n + 1,
        type: 'text',
        text,
        sender,
        clientMessageId: newId(),
        sentAt: new Date().toISOString(),
      })
    product.messages.set(meeting.id, said)
    await ada.client.ask('chat.send', { clientMessageId: newId(), text: 'after' })
    await eventually(() => {
      expect(quick.of('chat.message')).toHaveLength(6_001)
      expect(slow.ended || slow.of('chat.message').length < 6_001).toBe(true)
    }, 20_000)
    await eventually(async () => expect(await streamsOn(0)).toBe(before + 1), 25_000)
    quick.cut()
  }, 60_000)

  it('R12 the stream of an account goes on after the last event, whether or not the hints came', async () => {
    const { userId, token } = aReader()
    const url = `${base(0)}/v1/events`
    const stream = await new EventClient().open(url, token)
    await stream.waitFor('stream.opened')
    others.happen(userId, 'meeting.started', { meeting: aMeeting() })
    await stream.waitFor('meeting.started')
    stream.cut()
    for (const type of ['meeting.updated', 'meeting.ended']) others.happen(userId, type, { meeting: aMeeting() })
    const second = await new EventClient().open(`${base(1)}/v1/events`, token, stream.lastEventId)
    await second.waitFor('meeting.ended')
    expect(second.events.map(({ type }) => type)).toEqual(['meeting.updated', 'meeting.ended'])
    others.happen(userId, 'meeting.cancelled', { meeting: aMeeting() }, false)
    await eventually(() => expect(second.of('meeting.cancelled')).toHaveLength(1), 18_000)
    const unknown = await new EventClient().open(url, token, '999')
    await unknown.waitFor('stream.opened')
    const guest = product.issuer.token({ typ: 'guest' })
    expect((await new EventClient().open(url, guest)).status).toBe(403)
    for (const open of [second, unknown]) open.cut()
  }, 30_000)
})

it('R12 R9 a node that goes ends its streams, says when to come again, and takes no new ones', async () => {
  const world = await worlds['in one process']()
  const others = standInForEvents(world.bus)
  const product = await startNodes(1, world)
  const meeting = aMeeting({ status: 'live' })
  others.meetings.set(meeting.id, meeting)
  const token = product.issuer.token()
  const url = `${product.nodes[0]?.url}/v1/meetings/${meeting.id}/events`
  const streams = await Promise.all([1, 2, 3].map(() => new EventClient().open(url, token)))
  for (const stream of streams) await stream.waitFor('room.snapshot')
  const stopping = product.stop()
  for (const stream of streams) {
    await stream.waitForEnd()
    expect(stream.retry).toBe(200)
  }
  await stopping
  await world.bus.close(1_000)
  await world.kv.close()
})
