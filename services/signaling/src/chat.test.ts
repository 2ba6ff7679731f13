import { signalingBus } from '@parley/contracts'
import { request, createLogger, createMemoryBus, createMemoryKv, newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aMeeting, startNodes } from './testing/harness.ts'

const seqOf = (message: unknown): number => (message as { seq: number }).seq

const log = createLogger({ service: 'test', level: 'silent' })

describe('the chat of a room on two nodes', () => {
  const world = { bus: createMemoryBus({ log }), kv: createMemoryKv({ log }) }
  let product: Awaited<ReturnType<typeof startNodes>>

  beforeAll(async () => {
    product = await startNodes(2, world)
  })
  afterAll(async () => {
    await product.stop()
    await world.bus.close(1_000)
    await world.kv.close()
  })

  it('C3 everybody gets edits and deletions, in order of their numbers; only the author and moderators may make them', async () => {
    const meeting = aMeeting()
    const host = await product.join(0, meeting, 'Hedy', 'host')
    const [ada, ben] = [await product.join(0, meeting, 'Ada'), await product.join(1, meeting, 'Ben')]
    const sent = await ben.client.ask('chat.send', { clientMessageId: newId(), text: 'helo' })
    const messageId = sent.payload['messageId']
    expect(await ada.client.ask('chat.edit', { messageId, text: 'hers' })).toMatchObject({
      payload: { code: 'forbidden' },
    })
    expect(await ada.client.ask('chat.delete', { messageId })).toMatchObject({ payload: { code: 'forbidden' } })
    expect(await ben.client.ask('chat.edit', { messageId, text: 'hello' })).toMatchObject({ type: 'ack' })
    expect(await host.client.ask('chat.delete', { messageId })).toMatchObject({ type: 'ack' })
    for (const { client } of [host, ada, ben]) {
      const gone = (payload: Record<string, unknown>) => 'deletedAt' in (payload['message'] as object)
      const { payload } = await client.waitFor('chat.updated', gone)
      expect(payload['message']).toMatchObject({ id: messageId, seq: 1 })
      expect(payload['message']).not.toHaveProperty('text')
      expect(client.of('chat.updated')).toHaveLength(2)
    }
    expect(await ben.client.ask('chat.delete', { messageId: newId() })).toMatchObject({
      payload: { code: 'not-found' },
    })
    const { joined } = await product.join(1, meeting, 'Cy')
    expect(joined).toMatchObject({ chatSeq: 1 })
    expect(joined['chatRev']).toBeGreaterThanOrEqual(2)
  })

  it('C7 anyone who missed a message hears of it when it is sent again, or within seconds though it never is', async () => {
    const meeting = aMeeting()
    const [ada, ben] = [await product.join(0, meeting, 'Ada'), await product.join(1, meeting, 'Ben')]
    const draft = (text: string) => ({ clientMessageId: newId(), text })
    const say = (body: ReturnType<typeof draft>) => ada.client.ask('chat.send', body)
    const heardBy = ({ client }: typeof ben) =>
      client.of('chat.message').map(({ payload }) => seqOf(payload['message']))
    await say(draft('heard'))
    product.loseAnnouncements(true)
    const first = draft('the chat dies before it tells of this')
    await say(first)
    product.loseAnnouncements(false)
    expect((await say(first)).payload).toMatchObject({ seq: 2 })
    await eventually(() => expect(heardBy(ben)).toEqual([1, 2]))
    await say(first)
    product.loseAnnouncements(true)
    await say(draft('this is not sent again'))
    await ben.client.waitFor('ping', (payload) => payload['chatSeq'] === 3)
    await ada.client.waitFor('ping', (payload) => payload['chatSeq'] === 3)
    product.loseAnnouncements(false)
    expect((await product.join(1, meeting, 'Cy')).joined).toMatchObject({ chatSeq: 3 })
    // Nobody is shown twice what is told again; her own node knows its number by the answer she got.
    expect([heardBy(ada), heardBy(ben)]).toEqual([[1], [1, 2]])
  }, 20_000)

  it('C3 where chat is off nobody edits, but what one has said one may take back', async () => {
    const meeting = aMeeting()
    const quiet = { ...meeting, settings: { ...meeting.settings, chat: false }, version: 2 }
    const ben = await product.join(0, meeting, 'Ben')
    const sent = await ben.client.ask('chat.send', { clientMessageId: newId(), text: 'hello' })
    const messageId = sent.payload['messageId']
    const command = { kind: 'meeting-updated', meeting: { ...quiet, status: 'live' } } as const
    await request(world.bus, signalingBus.command, { meetingId: meeting.id, command })
    expect(await ben.client.ask('chat.edit', { messageId, text: 'x' })).toMatchObject({
      payload: { code: 'forbidden' },
    })
    expect(await ben.client.ask('chat.delete', { messageId })).toMatchObject({ type: 'ack' })
  })
})
