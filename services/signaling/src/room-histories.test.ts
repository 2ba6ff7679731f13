import { createLogger, createMemoryBus, createMemoryKv } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aMeeting, startNodes } from './testing/harness.ts'
import { Member } from './testing/member.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const histories = 300
const atOnce = 15
const steps = 14
const mostMembers = 5

/** A repeatable random number generator (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

/** Tries again when the node that was chosen is the one that stops. */
async function elsewhere<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!String(error).includes('refused: 503') && !String(error).includes('ECONNREFUSED')) throw error
    }
  }
}

describe('T24 histories over two nodes', () => {
  const bus = createMemoryBus({ log })
  const kv = createMemoryKv({ log })
  let product: Awaited<ReturnType<typeof startNodes>>
  const counts = new Map<string, number>()
  beforeAll(async () => {
    product = await startNodes(3, { bus, kv })
  })
  afterAll(() => product.stop())

  /** The third node is stopped on the way; nobody goes to it then. */
  let nodes = 3

  async function play(seed: number): Promise<void> {
    const random = randomOf(seed)
    const meeting = aMeeting()
    const members: Member[] = []
    const come = async (role: 'host' | 'participant') => {
      const { client, token, joined } = await elsewhere(() =>
        product.join(random(nodes), meeting, `m${members.length}`, role),
      )
      members.push(new Member(client, token, joined))
    }
    const goOn = (member: Member) => elsewhere(() => member.resume(product.at(random(nodes))))
    await come('host')
    for (let step = 0; step < steps; step++) {
      const member = members[random(members.length)]
      if (member === undefined) return
      const what = ['join', 'drop', 'resume', 'hand', 'media', 'mute', 'leave'][random(7)] ?? 'join'
      counts.set(what, (counts.get(what) ?? 0) + 1)
      if (what === 'join' && members.length < mostMembers) await come('participant')
      else if (what === 'drop') member.drop()
      else if (what === 'resume') await goOn(member)
      else if (!member.connected) await goOn(member)
      else if (what === 'hand') await member.ask(random(2) === 0 ? 'hand.raise' : 'hand.lower')
      else if (what === 'media') await member.ask('media.update', { mic: random(2) === 0, screen: random(2) === 0 })
      else if (what === 'mute') await member.ask('moderation.muteAll', { kind: 'cam' })
      else if (what === 'leave' && member !== members[0]) {
        await member.ask('room.leave')
        members.splice(members.indexOf(member), 1)
        member.close()
      }
    }
    await atRest(seed, members, goOn)
    for (const member of members) member.close()
  }

  /** Everybody comes back; then all see the same: those who are here, connected, at one version. */
  async function atRest(seed: number, members: Member[], goOn: (member: Member) => Promise<void>): Promise<void> {
    await eventually(async () => {
      for (const member of members) if (!member.connected) await goOn(member)
      const [first, ...others] = members.map(({ view }) => view)
      for (const other of others) expect(other, `seed ${seed}`).toEqual(first)
      const here = members.map(({ id }) => [id, 'connected']).toSorted()
      const shown = Object.entries(first?.participants ?? {}) as [string, { connection: string }][]
      expect(shown.map(([id, { connection }]) => [id, connection])).toEqual(here)
    }, 15_000)
    expect(
      members.flatMap(({ gaps }) => gaps),
      `seed ${seed}`,
    ).toEqual([])
  }

  it('all clients see the same when it comes to rest, also after a node has gone', async () => {
    const from = Date.now() % 1_000_000
    const seeds = Array.from({ length: histories }, (_, n) => from + n)
    const work = async (): Promise<void> => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        if (seed === from + histories / 2) {
          nodes = 2
          await product.nodes[2]?.stop()
        }
        await play(seed)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
    console.log(`T24: seeds from ${from}: ${[...counts].map(([what, count]) => `${what} ${count}`).join(', ')}`)
    for (const what of ['join', 'drop', 'resume', 'hand', 'media', 'mute', 'leave'])
      expect(counts.get(what) ?? 0).toBeGreaterThan(histories / 10)
  }, 180_000)
})
