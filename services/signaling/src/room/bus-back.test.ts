import { setTimeout as sleep } from 'node:timers/promises'
import { ProblemError, type Bus } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aMeeting, startNodes } from '../testing/harness.ts'
import { worlds } from '../testing/worlds.ts'

/** One node's link to the bus, which can be down: nothing goes out, and nothing comes in. */
function createLink(bus: Bus) {
  let up = true
  const listeners = new Set<(connected: boolean) => void>()
  const link: Bus = {
    publish: (subject, text) => void (up && bus.publish(subject, text)),
    subscribe: (subject, onText) => bus.subscribe(subject, (text, from) => void (up && onText(text, from))),
    respond: (subject, queue, answer) => bus.respond(subject, queue, answer),
    request: (subject, text, timeoutMs) =>
      up ? bus.request(subject, text, timeoutMs) : Promise.reject(new ProblemError('unavailable')),
    connected: () => up && bus.connected(),
    onStatus(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: (timeoutMs) => bus.close(timeoutMs),
  }
  const set = (next: boolean): void => {
    up = next
    for (const listener of listeners) listener(next)
  }
  return { bus: link, set }
}

describe.each(Object.entries(worlds))('a bus that comes back, %s', (_name, startWorld) => {
  let world: Awaited<ReturnType<typeof startWorld>>
  let links: ReturnType<typeof createLink>[]
  let product: Awaited<ReturnType<typeof startNodes>>
  beforeAll(async () => {
    world = await startWorld()
    links = [createLink(world.bus), createLink(world.bus)]
    product = await startNodes(2, { ...world, busOf: (node) => links[node]?.bus ?? world.bus })
  })
  afterAll(async () => {
    await product.stop()
    await world.bus.close(1_000)
    await world.kv.close()
    await world.stop()
  })

  it('R2 a person who joins as the nodes start is not taken for gone by a node that has not seen the other’s lease', async () => {
    const meeting = aMeeting()
    const both = [await product.join(0, meeting, 'Ada'), await product.join(1, meeting, 'Ben')]
    await sleep(3_000)
    const seen = JSON.stringify(both.map(({ client }) => client.received))
    expect(seen).not.toContain('reconnecting')
    for (const { client } of both) client.drop()
  })

  it('R6 T7 changes that a node made before its link was back reach the faster node, though nothing follows', async () => {
    const meeting = aMeeting()
    const ada = await product.join(0, meeting, 'Ada')
    const ben = await product.join(1, meeting, 'Ben')
    await ada.client.waitFor('participant.joined')
    for (const link of links) link.set(false)
    links[1]?.set(true)
    // By now it has read what it missed.
    await sleep(300)
    expect((await ada.client.ask('hand.raise', {})).type).toBe('ack')
    links[0]?.set(true)
    await eventually(() => {
      const told = ben.client.received.filter(({ type }) => type === 'room.delta' || type === 'hand.changed')
      expect(JSON.stringify(told)).toContain(ada.id)
    }, 3_000)
    for (const { client } of [ada, ben]) client.drop()
  })
})
