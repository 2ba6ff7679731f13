import { describe, expect, it } from 'vitest'
import { createSemaphore, createKeyedSemaphores } from './semaphore.ts'

describe('gate', () => {
  it('runs some, lets some wait in order, refuses the rest, and goes on after a failure', async () => {
    const gate = createSemaphore({ running: 1, waiting: 1, full: 'Full' })
    const { promise, reject } = Promise.withResolvers<never>()
    const first = gate(() => promise)
    const second = gate(async () => 'second')
    await expect(gate(async () => 'third')).rejects.toMatchObject({ code: 'unavailable' })
    reject(new Error('boom'))
    await expect(first).rejects.toThrow('boom')
    expect(await second).toBe('second')
    expect(await gate(async () => 'again')).toBe('again')
  })

  it('T11 refuses whose turn does not come in time, and lets those of another key pass', async () => {
    const pass = createKeyedSemaphores({ running: 1, waiting: 5, waitMs: 50, full: 'Busy' })
    const { promise, resolve } = Promise.withResolvers<string>()
    const first = pass('a', () => promise)
    const late = pass('a', async () => 'late').catch((error: unknown) => error)
    expect(await pass('b', async () => 'another')).toBe('another')
    expect(await late).toMatchObject({ code: 'unavailable', message: 'Busy' })
    const next = pass('a', async () => 'next')
    resolve('first')
    expect([await first, await next]).toEqual(['first', 'next'])
    expect(await pass('a', async () => 'again')).toBe('again')
  })

  it('P10 skips a waiter that gave up, and keeps the order of the others', async () => {
    const pass = createKeyedSemaphores({ running: 2, waiting: 10, full: 'Busy' })
    const order: string[] = []
    const ends: (() => void)[] = []
    const enter = (name: string, signal?: AbortSignal): Promise<void> => {
      const task = () => (order.push(name), new Promise<void>((resolve) => ends.push(resolve)))
      return pass('node', task, signal)
    }
    const leaving = new AbortController()
    const all = [enter('a'), enter('b'), enter('c')]
    const gone = enter('gone', leaving.signal)
    all.push(enter('d'))
    leaving.abort(new Error('went away'))
    await expect(gone).rejects.toThrow('went away')
    expect(order).toEqual(['a', 'b'])
    ends[0]?.()
    await all[0]
    await expect.poll(() => order).toEqual(['a', 'b', 'c'])
    ends[1]?.()
    await expect.poll(() => order).toEqual(['a', 'b', 'c', 'd'])
    for (const end of ends) end()
    await Promise.all(all)
    await expect(enter('never', leaving.signal)).rejects.toThrow('went away')
  })
})
