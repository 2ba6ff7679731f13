import { join } from 'node:path'
import { fromClient, type Operation, type OperationName, type Problem } from '@parley/contracts'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { operationsByName } from '../matrix/call.ts'
import { expected } from '../matrix/expected.ts'
import { another, createUsers, type MatrixUsers } from '../matrix/users.ts'
import type { AnyRow } from '../matrix/row.ts'
import type { Scene } from '../matrix/scene.ts'
import { createWorld, type MatrixMeeting } from '../matrix/world.ts'
import { rest } from '../support/people.ts'
import { startEmbedded, type Embedded } from '../support/product.ts'
import { takeSeat } from '../support/protocol-socket.ts'
import { hostileCalls, send, type Answered, type Input } from './hostile.ts'

/** The fields that only the server decides. */
const protectedFields = { role: 'host', hostId: '01900000-0000-7000-8000-000000000000', seq: 1, id: 'x' }
const names = Object.keys(operationsByName) as OperationName[]
/** Whether its body, if it has one, is fields and not bytes. */
const hasFields = (name: OperationName): boolean => operationsByName[name]?.bytes?.request === undefined
const atOnce = 8
const mailDirOf = ({ dataDir }: Embedded): string => join(dataDir, 'mail')
/** Longer than the sleeps that some texts ask for. */
const slowMs = 4_500

describe('what a client sends', () => {
  let product: Embedded
  let url: string
  let people: MatrixUsers
  let world: MatrixMeeting
  beforeAll(async () => {
    vi.stubEnv('RATE_LIMITS', 'off')
    vi.stubEnv('BCRYPT_COST', '4')
    product = await startEmbedded()
    url = product.gateways[0] ?? ''
    people = await createUsers(url, mailDirOf(product))
    world = await createWorld(url, people, 'private')
  }, 90_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    world.close()
    await product.stop()
  }, 60_000)

  /** A call that the host may make, by the first row that the access matrix has for it. */
  async function goodCall(name: OperationName): Promise<{ operation: Operation; input: Input; token: string }> {
    const operation = operationsByName[name]
    const [row] = expected[name] as unknown as readonly [AnyRow]
    if (operation === undefined) throw new Error(`no operation ${name}`)
    const me = row.disposable === true ? await another(url, people.host) : people.host
    const scene: Scene = { url, mailDir: mailDirOf(product), people, world, persona: 'host', me }
    return { operation, input: await row.request(scene), token: me.token }
  }
  const pathsOf = ({ text }: Answered) => (JSON.parse(text) as Problem).errors?.map(({ path }) => path) ?? []

  it.each(names.filter(hasFields))(
    'S22 %s refuses fields that only the server decides, and changes nothing',
    async (name) => {
      const { operation, input, token } = await goodCall(name)
      const before = await world.snapshot()
      const part = operation.method === 'GET' ? 'query' : 'body'
      const schema = operation[part] as { properties?: object; additionalProperties?: unknown } | undefined
      // Where a provider leads browsers back to, anything may be in the address, and is not read.
      if (part === 'query' && schema?.additionalProperties === true) return
      for (const [field, value] of Object.entries(protectedFields)) {
        if (Object.hasOwn(schema?.properties ?? {}, field)) continue
        const answer = await send(url, operation, { ...input, [part]: { ...input[part], [field]: value } }, token)
        expect([field, answer.status]).toEqual([field, 400])
        if (schema !== undefined) expect(pathsOf(answer)).toContain(part === 'body' ? `/${field}` : `query.${field}`)
      }
      expect(await world.snapshot()).toEqual(before)
      expect((await rest('GET', `${url}/v1/auth/me`, { token })).status).toBe(200)
    },
  )

  it('S22 every message of the socket refuses them too', async () => {
    const { host } = people
    const { socket } = await takeSeat(url, host, world.meeting)
    const before = await world.snapshot()
    for (const [type, { payload }] of Object.entries(fromClient)) {
      const known = (payload as { properties: object }).properties
      const extra = Object.entries(protectedFields).filter(([field]) => !Object.hasOwn(known, field))
      const answer = await socket.ask(type, Object.fromEntries(extra))
      const paths = (answer.payload as unknown as Problem).errors?.map(({ path }) => path)
      expect([type, answer.payload['code']]).toEqual([type, 'invalid-input'])
      expect(paths).toEqual(expect.arrayContaining(extra.map(([field]) => `/payload/${field}`)))
    }
    expect(await world.snapshot()).toEqual(before)
    expect(socket.closed).toBeNull()
    socket.drop()
  })

  it.each(names)('S29 %s: hostile texts in every parameter are values, or refused', async (name) => {
    const { operation, input, token } = await goodCall(name)
    const calls = [...hostileCalls(operation, input)]
    const wrong: string[] = []
    while (calls.length > 0) {
      const some = calls.splice(0, atOnce)
      const answers = await Promise.all(
        some.map(async (call) => ({ ...call, ...(await send(url, operation, call.input, token)) })),
      )
      for (const { about, status, headers, ms, text } of answers) {
        if (status >= 500) wrong.push(`${about}: ${status} ${text.slice(0, 200)}`)
        if (ms > slowMs) wrong.push(`${about}: took ${ms.toFixed(0)} ms`)
        if (headers.has('x-evil') || headers.getSetCookie().some((cookie) => cookie.startsWith('evil')))
          wrong.push(`${about}: a header of ours was split`)
      }
    }
    expect(wrong, wrong.join('\n')).toEqual([])
  })

  it('S29 stored hostile texts are read without harm, and all tables are there', async () => {
    const { title } = await world.asHost<{ title: string }>('GET', '')
    expect(title).toEqual(expect.any(String))
    await world.asHost('PATCH', '', { title: "x'; DROP TABLE meetings; -- <script>" })
    for (const path of ['/calendar.ics', '/attendance.csv']) {
      const response = await fetch(`${url}/v1/meetings/${world.meeting.id}${path}`, {
        headers: { authorization: `Bearer ${people.host.token}` },
      })
      expect([path, response.status, response.headers.get('x-evil')]).toEqual([path, 200, null])
    }
    await createWorld(url, await createUsers(url, mailDirOf(product)), 'lobby').then((another) => another.close())
  }, 30_000)

  it('S28 a name of 50 kB costs nobody else a second', async () => {
    const body = { name: `${'!'.repeat(50_000)}\n` }
    const since = performance.now()
    const answers = await Promise.all(Array.from({ length: 5 }, () => rest('POST', `${url}/v1/auth/guest`, { body })))
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400])
    expect(performance.now() - since).toBeLessThan(3_000)
  })
})
