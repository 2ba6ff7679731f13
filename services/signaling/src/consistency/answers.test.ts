import { createLogger, createMemoryBus, createMemoryKv } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aMeeting, startNodes } from '../testing/harness.ts'

const log = createLogger({ service: 'test', level: 'silent' })

describe('answers belong to the session (C12)', () => {
  let product: Awaited<ReturnType<typeof startNodes>>
  beforeAll(async () => {
    product = await startNodes(2, { bus: createMemoryBus({ log }), kv: createMemoryKv({ log }) })
  })
  afterAll(() => product.stop())

  const twoParticipants = async () => {
    const meeting = aMeeting()
    const ada = await product.join(0, meeting, 'Ada')
    const ben = await product.join(1, meeting, 'Ben')
    await ada.client.waitFor('participant.joined')
    return { meeting, ada, ben }
  }
  type Member = Awaited<ReturnType<typeof product.join>>
  /** Goes on with a session at a node; the socket of before is lost without a word. */
  const resume = async (
    node: number,
    { client: before, token, joined }: Member,
    resumeToken = joined['resumeToken'],
  ) => {
    before.drop()
    const client = await product.connect(node, token)
    const { sessionId, v } = joined
    const resumed = await client.ask('room.resume', { sessionId, resumeToken, v }, 'resume')
    expect(resumed.type).toBe('room.resumed')
    return { client, resumeToken: resumed.payload['resumeToken'] }
  }
  const texts = ({ client }: Pick<Member, 'client'>) => client.of('rtc.signal').map(({ payload }) => payload['data'])

  it.each([
    ['the same', 0],
    ['the other', 1],
  ])(
    'C12 a request that is repeated after a resume on %s node is answered again, and done once',
    async (_which, node) => {
      const { ada, ben } = await twoParticipants()
      const signal = { to: ben.id, data: 'once' }
      const first = await ada.client.ask('rtc.signal', signal, 'one')
      const { client } = await resume(node, ada)
      expect(await client.ask('rtc.signal', signal, 'one')).toEqual(first)
      await client.ask('rtc.signal', { to: ben.id, data: 'next' }, 'two')
      await eventually(() => expect(texts(ben)).toContain('next'))
      expect(texts(ben)).toEqual(['once', 'next'])
      for (const socket of [client, ben.client]) socket.close()
    },
  )

  it('also over two nodes, one after the other, and back', async () => {
    const { ada, ben } = await twoParticipants()
    const signal = { to: ben.id, data: 'once' }
    await ada.client.ask('rtc.signal', signal, 'one')
    let last = { client: ada.client, resumeToken: ada.joined['resumeToken'] }
    for (const node of [1, 0, 1]) {
      last = await resume(node, { ...ada, client: last.client }, last.resumeToken)
      expect(await last.client.ask('rtc.signal', signal, 'one')).toMatchObject({ type: 'ack' })
    }
    await last.client.ask('rtc.signal', { to: ben.id, data: 'next' }, 'two')
    await eventually(() => expect(texts(ben)).toContain('next'))
    expect(texts(ben)).toEqual(['once', 'next'])
    for (const socket of [last.client, ben.client]) socket.close()
  })

  it('a refusal is repeated as well', async () => {
    const { ada, ben } = await twoParticipants()
    const first = await ada.client.ask('moderation.muteAll', { kind: 'mic' }, 'one')
    expect(first).toMatchObject({ payload: { code: 'forbidden' } })
    const { client } = await resume(1, ada)
    expect(await client.ask('moderation.muteAll', { kind: 'mic' }, 'one')).toEqual(first)
    for (const socket of [client, ben.client]) socket.close()
  })

  it.each([0, 1])('a client that numbers its requests anew on each socket is served, node %i', async (node) => {
    const { ada, ben } = await twoParticipants()
    expect((await ada.client.ask('hand.raise', {}, '1')).type).toBe('ack')
    expect((await ada.client.ask('rtc.signal', { to: ben.id, data: 'a' }, '2')).type).toBe('ack')
    const { client } = await resume(node, ada)
    expect((await client.ask('media.update', { mic: false }, '1')).type).toBe('ack')
    expect((await client.ask('rtc.signal', { to: ben.id, data: 'b' }, '2')).type).toBe('ack')
    expect((await client.ask('hand.lower', {}, '3')).type).toBe('ack')
    await ben.client.waitFor('media.changed', ({ mic }) => mic === false)
    await ben.client.waitFor('hand.changed', ({ raised }) => raised === false)
    await eventually(() => expect(texts(ben)).toEqual(['a', 'b']))
    for (const socket of [client, ben.client]) socket.close()
  })

  it('a request in progress when the socket is lost is done once, and answered on the next socket', async () => {
    const { ada, ben } = await twoParticipants()
    ada.client.tell('chat.send', { clientMessageId: ada.id, text: 'hello' }, 'one')
    ada.client.tell('media.update', { mic: false }, 'two')
    await ben.client.waitFor('media.changed')
    const { client } = await resume(1, ada)
    expect((await client.ask('media.update', { mic: false }, 'two')).type).toBe('ack')
    expect((await client.ask('chat.send', { clientMessageId: ada.id, text: 'hello' }, 'one')).type).toBe(
      'chat.accepted',
    )
    expect(ben.client.of('chat.message')).toHaveLength(1)
    for (const socket of [client, ben.client]) socket.close()
  })
})
