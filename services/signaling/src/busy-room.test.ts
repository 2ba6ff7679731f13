import { createLogger, createMemoryBus, createMemoryKv } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aMeeting, startNodes } from './testing/harness.ts'

describe('a busy room', () => {
  const log = createLogger({ service: 'test', level: 'silent' })
  const bus = createMemoryBus({ log })
  const kv = createMemoryKv({ log })
  let product: Awaited<ReturnType<typeof startNodes>>
  beforeAll(async () => {
    product = await startNodes(1, { bus, kv })
  })
  afterAll(() => product.stop())

  it('P1 everybody sees every version in order, and one’s own change before its answer', async () => {
    const meeting = aMeeting()
    const members = await Promise.all(['Ada', 'Ben', 'Cleo'].map((name) => product.join(0, meeting, name)))
    const inside = Math.max(...members.map(({ joined }) => joined['v'] as number))
    for (let n = 0; n < 50; n++) {
      for (const { client } of members) client.tell('media.update', { cam: n % 2 === 1 }, `c${n}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    for (const { client, id, joined } of members) {
      await eventually(() => expect(client.of('media.changed').at(-1)?.payload['v']).toBe(inside + 150))
      const versions = client.received.flatMap(({ payload }) =>
        typeof payload?.['v'] === 'number' ? payload['v'] : [],
      )
      const from = joined['v'] as number
      const broadcasts = client.received.filter(({ type }) => /^(media|participant)\./.test(type))
      expect(broadcasts.map(({ payload }) => payload['v'])).toEqual(
        broadcasts.map((_message, index) => from + 1 + index),
      )
      expect(versions.length).toBeGreaterThan(150)
      const own = client.received.filter((message) => message.type === 'ack' || message.payload['participantId'] === id)
      expect(own.map(({ type }) => type)).toEqual(Array.from({ length: 50 }, () => ['media.changed', 'ack']).flat())
    }
  })
})
