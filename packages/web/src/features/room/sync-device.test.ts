import type { Room, RoomState } from '@parley/client'
import { signal } from '@preact/signals'
import { expect, test, vi } from 'vitest'
import type { LocalMedia } from '../media/local-media.ts'
import { syncDevice } from './sync-device.ts'

vi.mock('../../ui/attempt.ts', () => ({ attempt: (work: Promise<unknown>) => void work.catch(() => undefined) }))

function setUp(refuse = false) {
  const calls: string[] = []
  const track = (name: string) => ({ name }) as unknown as MediaStreamTrack
  const on = signal(true)
  const current = signal<MediaStreamTrack | null>(track('first'))
  const state = signal({ self: { cam: true } } as unknown as RoomState)
  const self = (cam: boolean) => {
    state.value = { self: { cam } } as unknown as RoomState
  }
  const room = {
    replaceTrack: async (given: unknown) => void calls.push(`track ${(given as { name: string }).name}`),
    setCam: async (value: boolean) => {
      calls.push(`cam ${value}`)
      if (refuse) throw new Error('refused')
      self(value)
    },
  } as unknown as Room
  const turnOff = () => {
    current.value = null
    on.value = false
  }
  const media = { cam: { on, track: current }, turnOff } as unknown as LocalMedia
  const stop = syncDevice('cam', { room, state, media })
  return { calls, on, current, self, turnOff, track, stop }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

test('O8 the room hears of off, and of a new track before on', async () => {
  const { calls, on, current, turnOff, track } = setUp()
  turnOff()
  await settled()
  current.value = track('second')
  on.value = true
  await settled()
  expect(calls).toEqual(['cam false', 'track second', 'cam true'])
})

test('R4 media that the room switched off are off here, and are not announced again', async () => {
  const { calls, on, current, self } = setUp()
  self(false)
  await settled()
  expect([on.value, current.value, calls]).toEqual([false, null, []])
})

test('O8 media that the room refuses are off', async () => {
  const { calls, on, current, turnOff, track, stop } = setUp(true)
  turnOff()
  await settled()
  current.value = track('second')
  on.value = true
  await settled()
  expect(on.value).toBe(false)
  expect(calls).toEqual(['cam false', 'track second', 'cam true'])
  stop()
})
