import { createParley, type Parley, type Room } from '@parley/client'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { socketsOf } from '../support/nodes.ts'
import { aPerson } from '../support/people.ts'
import { startStack } from '../support/product.ts'

const device = { mic: true, cam: true }
let stack: Awaited<ReturnType<typeof startStack>>
const people: Parley[] = []

beforeAll(async () => {
  stack = await startStack(['--signaling', '2'])
}, 120_000)
afterAll(async () => {
  for (const parley of people) parley.close()
  await stack.stop()
}, 60_000)

interface Waiter {
  entering: Promise<Room>
  positions: number[]
  /** With which code each socket was closed, where the server did it. */
  closed: number[]
}

/** A guest on the way into a meeting with a waiting room. */
async function aWaiter(url: string, code: string, name: string): Promise<Waiter> {
  const positions: number[] = []
  const closed: number[] = []
  class Noted extends WebSocket {
    constructor(...given: ConstructorParameters<typeof WebSocket>) {
      super(...given)
      this.addEventListener('close', (event) => closed.push(event.code))
    }
  }
  const parley = createParley({ url, tokenDelivery: 'body', WebSocket: Noted })
  people.push(parley)
  await parley.signInAsGuest({ name })
  const entering = parley.join({ code, device, onWaiting: (position) => positions.push(position) })
  await eventually(() => expect(positions).toHaveLength(1))
  return { entering, positions, closed }
}

it('R9 M15 promise 4: a signaling node that is told to stop moves those who wait in a lobby too, and nobody notices', async () => {
  const [url = ''] = stack.gateways
  const host = await aPerson(url, 'Ada')
  people.push(host)
  const meeting = await host.rest.createMeeting({
    body: { title: 'Drain', type: 'public', settings: { waitingRoom: true } },
  })
  const inside = await host.join({ code: meeting.code, device })
  const waiters: Waiter[] = []
  for (const name of ['Ben', 'Cy', 'Di']) waiters.push(await aWaiter(url, meeting.code, name))
  const namesNow = () => inside.state.get().lobby.map(({ name }) => name)
  await eventually(() => expect(namesNow()).toEqual(['Ben', 'Cy', 'Di']))
  const seen = new Set<string>()
  inside.state.subscribe(() => seen.add(namesNow().join()))

  const counts = await Promise.all(stack.file.signaling.map(({ url: node }) => socketsOf(node)))
  expect(counts.toSorted()).toEqual([0, 4])
  const node = stack.file.signaling[counts.indexOf(4)]
  const other = stack.file.signaling[counts.indexOf(0)]
  process.kill(node?.pid ?? 0, 'SIGTERM')
  await eventually(async () => expect(await socketsOf(other?.url ?? '')).toBe(4), 20_000)
  await eventually(() => expect(() => process.kill(node?.pid ?? 0, 0)).toThrow(), 35_000)

  for (const { closed, positions } of waiters) {
    expect(closed).toEqual([])
    expect(positions).toHaveLength(1)
  }
  expect([...seen].filter((names) => names !== 'Ben,Cy,Di')).toEqual([])
  await inside.admitAll()
  const rooms = await Promise.all(waiters.map(({ entering }) => entering))
  expect(rooms.map((room) => room.state.get().self.name)).toEqual(['Ben', 'Cy', 'Di'])
  expect(inside.state.get().status).toEqual({ state: 'joined' })
  for (const room of [...rooms, inside]) await room.leave()
}, 120_000)
