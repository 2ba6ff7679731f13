import { event, request as requestSubject } from '@parley/contracts'
import Type from 'typebox'
import { beforeEach, describe, expect, it } from 'vitest'
import { ProblemError } from '../problem.ts'
import { eventually } from '../testing/index.ts'
import { silentLog } from '../testing/silent-log.ts'
import { createMemoryBus } from './bus-memory.ts'
import type { Bus } from './bus.ts'
import { respond, request, at, subscribe, publish } from './typed.ts'

const double = requestSubject('sums.double', {
  input: Type.Object({ n: Type.Integer() }),
  output: Type.Object({ n: Type.Integer() }),
})
const relay = requestSubject('nodes.{node}.relay', { input: Type.Object({}), output: Type.String() })
const changed = event('room.{room}.changed.{by}', Type.Object({ version: Type.Integer() }))

describe('the typed bus', () => {
  let bus: Bus
  beforeEach(() => void (bus = createMemoryBus()))
  const log = silentLog()

  it('asks and answers, and tolerates fields it does not know', async () => {
    respond(bus, double, 'sums', async ({ n }) => ({ n: n * 2, more: true }), log)
    expect(await request(bus, double, { n: 4 })).toMatchObject({ n: 8 })
    expect(await bus.request('sums.double', '{"n":1,"new":[]}', 100)).toBe('{"ok":{"n":2,"more":true}}')
  })

  it('carries a problem with its code, detail and members', async () => {
    const thrown = new ProblemError('version-conflict', 'Not now', { currentVersion: 7, title: 'Other' })
    respond(bus, double, 'sums', () => Promise.reject(thrown), log)
    const caught = await request(bus, double, { n: 1 }).catch((error: unknown) => error)
    expect(caught).toBeInstanceOf(ProblemError)
    expect(caught).toMatchObject({ code: thrown.code, message: thrown.message, extra: thrown.extra })
  })

  it('hides any other error', async () => {
    respond(bus, double, 'sums', () => Promise.reject(new Error('secret')), log)
    await expect(request(bus, double, { n: 1 })).rejects.toMatchObject({
      code: 'internal',
      message: expect.not.stringContaining('secret'),
    })
  })

  it('refuses inputs and answers of another shape', async () => {
    respond(bus, double, 'sums', async () => JSON.parse('{"n":"8"}'), log)
    await expect(request(bus, double, { n: 1 })).rejects.toMatchObject({ code: 'internal' })
    const wrong = JSON.parse(await bus.request('sums.double', '{"n":1.5}', 100))
    expect(wrong.problem).toMatchObject({ code: 'invalid-input', errors: [{ path: '/n' }] })
    expect(JSON.parse(await bus.request('sums.double', '{', 100)).problem.code).toBe('malformed-json')
  })

  it('fills the tokens of a request', async () => {
    respond(bus, at(relay, { node: 'n1' }), 'relay', async () => 'from n1', log)
    expect(await request(bus, at(relay, { node: 'n1' }), {})).toBe('from n1')
    await expect(request(bus, at(relay, { node: 'n2' }), {})).rejects.toMatchObject({ code: 'unavailable' })
    expect(() => at(relay, { node: 'a.b' })).toThrow(TypeError)
  })

  it('tells events to those who listen to these params or to any, and drops what does not fit', async () => {
    const heard: unknown[] = []
    subscribe(bus, changed, { room: 'r1', by: 'n1' }, (body, params) => heard.push(['one', body.version, params]), log)
    subscribe(bus, changed, '*', (body, params) => heard.push(['any', body.version, params.room]), log)
    publish(bus, changed, { room: 'r1', by: 'n1' }, { version: 1 })
    bus.publish('room.r1.changed.n1', '{"version":"x"}')
    publish(bus, changed, { room: 'r2', by: 'n1' }, { version: 2 })
    await eventually(() => expect(heard).toHaveLength(3))
    expect(heard).toEqual([
      ['one', 1, { room: 'r1', by: 'n1' }],
      ['any', 1, 'r1'],
      ['any', 2, 'r2'],
    ])
  })
})
