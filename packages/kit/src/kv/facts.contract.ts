import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { eventually } from '../testing/eventually.ts'
import { commit, committed, headOf, restorationOf } from './documents.fixture.ts'
import type { Kv } from './kv.ts'

interface Fact {
  id: string
  text: string
}

/** The contract of every fact stream. */
export function factsContract(kv: () => Kv): void {
  it('gives facts in order to a consumer that came later, with different ids', async () => {
    const head = await committed(kv(), 'r', { facts: ['started', 'joined'] })
    await commit(kv(), 'r', { facts: ['refused'] })
    const restoration = restorationOf(head, { facts: ['restored'] })
    const restored = headOf(await kv().docs.restore('r', restoration))
    await kv().docs.restore('r', restoration)
    await kv().docs.remove('r', restored, ['ended'])
    await kv().facts.append('alone')
    const got: Fact[] = []
    const consumer = kv().facts.consume({ group: 'g', consumer: 'c', handle: async (facts) => void got.push(...facts) })
    await eventually(() => expect(got.length).toBe(5))
    const texts = got.map(({ text }) => text).filter((text) => text !== 'alone')
    expect(texts).toEqual(['started', 'joined', 'restored', 'ended'])
    expect(new Set(got.map(({ id }) => id)).size).toBe(5)
    await consumer.stop()
  })

  it('gives each fact to one of two consumers of a group, and to every group', async () => {
    const got: Record<string, string[]> = { one: [], two: [], other: [] }
    const consume = (group: string, consumer: string) =>
      kv().facts.consume({
        group,
        consumer,
        handle: async (facts) => void got[consumer]?.push(...facts.map(({ id }) => id)),
      })
    const consumers = [consume('g', 'one'), consume('g', 'two'), consume('h', 'other')]
    for (let i = 0; i < 200; i += 1) await commit(kv(), `r${i}`, { facts: [`${i}`] })
    await eventually(() => expect([got['one'], got['two']].flat()).toHaveLength(200))
    await eventually(() => expect(got['other']).toHaveLength(200))
    await sleep(250)
    const ids = [got['one'], got['two']].flat()
    expect(new Set(ids).size).toBe(200)
    expect(ids).toHaveLength(200)
    await Promise.all(consumers.map((consumer) => consumer.stop()))
  })

  it('gives a batch again whose handler failed, before later facts', async () => {
    const handled: string[] = []
    let failures = 2
    const handle = async (facts: readonly Fact[]) => {
      if ((failures -= 1) >= 0) throw new Error('on purpose')
      handled.push(...facts.map(({ text }) => text))
    }
    await kv().facts.append('first')
    const consumer = kv().facts.consume({ group: 'g', consumer: 'c', handle })
    await eventually(() => expect(failures).toBe(1))
    await kv().facts.append('second')
    await eventually(() => expect(handled).toEqual(['first', 'second']))
    await consumer.stop()
  })

  it('waits on stop for the batch under way, and takes no more', async () => {
    const handled: string[] = []
    const begun = Promise.withResolvers<void>()
    const handle = async (facts: readonly Fact[]) => {
      begun.resolve()
      await sleep(200)
      handled.push(...facts.map(({ text }) => text))
    }
    const consumer = kv().facts.consume({ group: 'g', consumer: 'c', handle })
    await kv().facts.append('1')
    await begun.promise
    await consumer.stop()
    expect(handled).toEqual(['1'])
    await kv().facts.append('2')
    await sleep(250)
    expect(handled).toEqual(['1'])
    const next = kv().facts.consume({ group: 'g', consumer: 'd', handle })
    await eventually(() => expect(handled).toEqual(['1', '2']))
    await next.stop()
  })
}
