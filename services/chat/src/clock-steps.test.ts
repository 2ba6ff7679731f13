import { meetingsBus } from '@parley/contracts'
import { respond, createLogger, createMemoryBus, newId, type LimiterOptions } from '@parley/kit'
import { fakeClock } from '@parley/kit/testing'
import { describe, expect, it } from 'vitest'
import { createAccessCheck } from './access.ts'
import { createFloodLimit } from './flood.ts'

const log = createLogger({ service: 'test', level: 'silent' })

describe.each([
  ['back 60 s', -60_000],
  ['forward 60 s', 60_000],
])('C14 T33 a chat whose clock is set %s', (_name, ms) => {
  it('counts the messages of a window as before', async () => {
    const clock = fakeClock()
    const told: number[] = []
    const limiter = (_options: LimiterOptions) => ({
      async take(_key: string, cost = 1) {
        told.push(cost)
        return { allowed: true, remaining: 1, retryAfterMs: 0 }
      },
    })
    const flood = createFloodLimit({ kv: { limiter }, clock, messages: 10, seconds: 10 })
    const send = () => flood.takeOrThrow('meeting', 'sender')
    for (let count = 0; count < 3; count += 1) await send()
    clock.step(ms)
    await send()
    expect(told).toEqual([4])
    clock.advance(10_000)
    await send()
    expect(told).toEqual([4])
  })

  it('asks again who may chat after 1 s, not later', async () => {
    const clock = fakeClock()
    const bus = createMemoryBus({ log })
    let asked = 0
    respond(
      bus,
      meetingsBus.access,
      'meetings',
      async () => {
        asked += 1
        return { mayChat: true, over: false, name: 'Ada', role: 'participant' as const }
      },
      log,
    )
    const access = createAccessCheck({ bus, clock })
    const [meetingId, userId] = [newId(), newId()]
    await access.mayChatOrThrow(meetingId, userId)
    clock.step(ms)
    await access.mayChatOrThrow(meetingId, userId)
    expect(asked).toBe(1)
    clock.advance(1_000)
    await access.mayChatOrThrow(meetingId, userId)
    expect(asked).toBe(2)
    await bus.close(1_000)
  })
})
