import {
  signalingBus,
  toGateway,
  toNode,
  type LinkAttach,
  type LinkClose,
  type LinkHeld,
  type LinkRefused,
  type LinkSession,
} from '@parley/contracts'
import {
  createLogger,
  createMemoryBus,
  createMemoryKv,
  jsonBody,
  newId,
  readCast,
  readJson,
  readNumber,
  readRecords,
  request,
  writeRecords,
  type LinkRecord,
} from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { aMeeting, startNodes } from '../testing/harness.ts'
import { openLink } from '../testing/wire-client.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const kv = createMemoryKv({ log })
const bus = createMemoryBus({ log })
let product: Awaited<ReturnType<typeof startNodes>>
beforeAll(async () => {
  product = await startNodes(2, { bus, kv })
})
afterAll(() => product.stop())

/** The gateway's end of a link, by hand. */
class Gateway {
  readonly records: LinkRecord[] = []
  readonly client = newId()
  readonly #ws: WebSocket

  private constructor(ws: WebSocket) {
    this.#ws = ws
    ws.on('message', (data) => this.records.push(...readRecords(data as Buffer)))
  }

  static async open(node: number, key?: string): Promise<Gateway> {
    const { url, key: known } = product.at(node)
    return new Gateway(await openLink({ url, key: key ?? known }))
  }

  write(kind: number, id: number, body: Buffer = Buffer.alloc(0)): void {
    this.#ws.send(writeRecords([{ kind, id, body }]))
  }

  attach(id: number, asked: Pick<LinkAttach, 'accessToken' | 'session'> & Partial<LinkAttach>): void {
    this.write(toNode.attach, id, jsonBody({ requestId: 'r', client: this.client, ...asked }))
  }

  input(id: number, type: string, payload: object = {}, requestId: string | undefined = type): void {
    this.write(toNode.input, id, Buffer.from(JSON.stringify({ type, ...(requestId !== '' && { requestId }), payload })))
  }

  of(kind: number, id?: number): LinkRecord[] {
    return this.records.filter((record) => record.kind === kind && (id === undefined || record.id === id))
  }

  /** The messages that one client was sent, without broadcasts. */
  messagesOf(id: number): { type: string; payload: Record<string, unknown> }[] {
    return this.records
      .filter((record) => record.id === id && (record.kind === toGateway.send || record.kind === toGateway.signal))
      .map(({ body }) => JSON.parse(body.toString().slice(body.indexOf('{"type"'))))
  }

  wait<T>(look: () => T | undefined): Promise<T> {
    return eventually(() => {
      const found = look()
      if (found === undefined)
        throw new Error(`not among ${this.records.map(({ kind, id }) => `${kind}:${id}`).join(' ')}`)
      return found
    }, 15_000)
  }

  /** Attaches and joins; resolves with what the node gave to hold. */
  async join(id: number, meeting: ReturnType<typeof aMeeting>, name: string) {
    const { roomToken, token, userId } = product.grant(meeting, name)
    this.attach(id, { accessToken: token, session: null })
    await this.wait(() => this.of(toGateway.attached, id)[0])
    this.input(id, 'room.join', { roomToken, device: { mic: true, cam: true } })
    const held = await this.wait(() => this.of(toGateway.hold, id)[0])
    await this.wait(() => this.of(toGateway.done, id)[0])
    return { token, userId, session: (readJson(held.body) as LinkHeld).session as LinkSession }
  }

  drop(): void {
    this.#ws.terminate()
  }
}

describe('R13 the link of a gateway', () => {
  it('R13 is refused without the key of this node', async () => {
    const [own, others] = [product.at(0).key, product.at(1).key]
    for (const key of ['', 'x', others, `${own}x`]) await expect(Gateway.open(0, key)).rejects.toThrow('refused: 404')
  })

  it('R13 carries one copy of a broadcast for all sessions, and names the sessions that it is not for', async () => {
    const gateway = await Gateway.open(0)
    const meeting = aMeeting()
    for (const [index, name] of ['Ada', 'Ben', 'Cleo'].entries()) await gateway.join(index + 1, meeting, name)
    const before = gateway.of(toGateway.cast).length
    gateway.input(1, 'hand.raise')
    gateway.input(2, 'chat.typing', { typing: true })
    const casts = await gateway.wait(() => {
      const all = gateway.of(toGateway.cast).slice(before)
      return all.length === 2 ? all.map(({ body }) => readCast(body)) : undefined
    })
    const raised = casts.find(({ kind }) => kind === 'state')
    const typing = casts.find(({ kind }) => kind === 'passing')
    expect([raised?.except, raised?.v]).toEqual([[], 5])
    expect([typing?.except, typing?.v]).toEqual([[2], 0])
    expect(
      gateway
        .of(toGateway.join)
        .map(({ body }) => readNumber(body))
        .toSorted(),
    ).toEqual([1, 2, 3])
    // Both inputs of Ada are done: her join and her hand.
    await gateway.wait(() => gateway.of(toGateway.done, 1).find(({ body }) => readNumber(body) === 2))
    gateway.drop()
  })

  it('R13 carries a session on at another node: the client gets what it missed, and its token stays good', async () => {
    const [one, other] = [await Gateway.open(0), await Gateway.open(1)]
    const meeting = aMeeting()
    const ada = await one.join(1, meeting, 'Ada')
    const ben = await one.join(2, meeting, 'Ben')
    one.input(2, 'hand.raise')
    await one.wait(() => one.of(toGateway.done, 2)[1])
    for (let times = 1; times <= 2; times += 1) {
      other.attach(times, { accessToken: ada.token, session: ada.session })
      await other.wait(() => other.of(toGateway.attached, times)[0])
      const [delta] = other.messagesOf(times).filter(({ type }) => type === 'room.delta')
      const upserts = (delta?.payload['upserts'] ?? []) as { name: string; hand: number | null }[]
      expect(upserts.find(({ name }) => name === 'Ben')?.hand).not.toBeNull()
      expect(other.messagesOf(times).map(({ type }) => type)).not.toContain('room.resumed')
    }
    const client = await product.connect(0, ada.token)
    const { sessionId, resumeToken, v } = ada.session
    expect((await client.ask('room.resume', { sessionId, resumeToken, v })).type).toBe('room.resumed')
    // Ben, who stayed, never saw her go.
    const seen = one.of(toGateway.cast).map(({ body }) => readCast(body).frame.toString())
    expect(seen.filter((text) => text.includes('reconnecting') || text.includes('participant.left'))).toEqual([])
    expect(ben.session.meetingId).toBe(meeting.id)
    for (const gateway of [one, other]) gateway.drop()
  })

  it('R13 C6 a participant who was removed, or whose meeting ended, while no node had the session is told so', async () => {
    const [one, other] = [await Gateway.open(0), await Gateway.open(1)]
    const meeting = aMeeting()
    const ada = await one.join(1, meeting, 'Ada')
    const ben = await one.join(2, meeting, 'Ben')
    one.drop()
    const carryOut = (command: Parameters<typeof product.number>[1]) =>
      request(bus, signalingBus.command, { meetingId: meeting.id, command: product.number(meeting.id, command) })
    const goodbyeTo = async (id: number, { token, session }: typeof ada) => {
      other.attach(id, { accessToken: token, session })
      const close = await other.wait(() => other.of(toGateway.close, id)[0])
      expect(other.of(toGateway.refused, id)).toEqual([])
      return [other.messagesOf(id).map(({ type }) => type), (readJson(close.body) as LinkClose).reason]
    }
    await carryOut({ kind: 'remove', userId: ben.userId, reason: 'removed' })
    expect(await goodbyeTo(2, ben)).toEqual([['room.kicked'], 'removed'])
    await carryOut({ kind: 'end', reason: 'host' })
    expect(await goodbyeTo(1, ada)).toEqual([['room.ended'], 'meetingEnded'])
    other.drop()
  })

  it.each([
    { named: 'with a request id', requestId: 'join' },
    { named: 'without one', requestId: '' },
  ])(
    'R13 S14 a join $named that was under way when its node went is carried out once on another',
    async ({ requestId }) => {
      const [one, other] = [await Gateway.open(0), await Gateway.open(1)]
      const meeting = aMeeting()
      const { roomToken, token } = product.grant(meeting, 'Ada')
      const ben = await product.join(1, meeting, 'Ben')
      const asked = { roomToken, device: { mic: true, cam: true } }
      const client = newId()
      one.attach(1, { accessToken: token, session: null, client })
      await one.wait(() => one.of(toGateway.attached, 1)[0])
      one.input(1, 'room.join', asked, requestId)
      await ben.client.waitFor('participant.joined')
      // Its answer is lost with the node, and the gateway has nothing to hold.
      one.drop()
      for (const [id, secret] of [
        [1, newId()],
        [2, client],
      ] as const) {
        other.attach(id, { accessToken: token, session: null, client: secret })
        await other.wait(() => other.of(toGateway.attached, id)[0])
        other.input(id, 'room.join', asked, requestId)
        await other.wait(() => other.of(toGateway.done, id)[0])
      }
      // The token is good for no other client.
      expect(other.messagesOf(1).map(({ payload }) => payload['code'])).toEqual(['room-token-invalid'])
      const joined = other.messagesOf(2).find(({ type }) => type === 'room.joined')
      const { sessionId, resumeToken, v } = joined?.payload ?? {}
      other.input(2, 'hand.raise')
      await other.wait(() => other.messagesOf(2).find(({ type }) => type === 'ack'))
      expect(ben.client.of('participant.joined').length).toBe(1)
      expect(ben.client.of('participant.left')).toEqual([])
      const resumed = await (await product.connect(0, token)).ask('room.resume', { sessionId, resumeToken, v })
      expect(resumed.type).toBe('room.resumed')
      other.drop()
    },
  )

  it('R13 S14 a room token that has let its client in lets it in no more, though its joins have no request id', async () => {
    const gateway = await Gateway.open(0)
    const { roomToken, token } = product.grant(aMeeting(), 'Ada')
    gateway.attach(1, { accessToken: token, session: null })
    await gateway.wait(() => gateway.of(toGateway.attached, 1)[0])
    const join = () => gateway.input(1, 'room.join', { roomToken, device: { mic: true, cam: true } }, '')
    join()
    gateway.input(1, 'room.leave')
    join()
    await gateway.wait(() => gateway.messagesOf(1)[2])
    const said = gateway.messagesOf(1).map(({ type, payload }) => payload['code'] ?? type)
    expect(said).toEqual(['room.joined', 'room.left', 'room-token-invalid'])
    gateway.drop()
  })

  it('R13 S24 a gateway can act for nobody whose secrets it does not have', async () => {
    const gateway = await Gateway.open(0)
    const meeting = aMeeting()
    const ada = await gateway.join(1, meeting, 'Ada')
    const { token: stranger } = product.grant(meeting, 'Eve')
    const forged = { ...ada.session, resumeToken: `${ada.session.resumeToken.slice(0, -24)}${'x'.repeat(24)}` }
    gateway.attach(2, { accessToken: stranger, session: ada.session })
    gateway.attach(3, { accessToken: ada.token, session: forged })
    gateway.attach(4, { accessToken: null, session: ada.session })
    gateway.attach(5, { accessToken: 'no token', session: null })
    const codes = []
    for (const id of [2, 3, 4, 5]) {
      const refused = await gateway.wait(() => gateway.of(toGateway.refused, id)[0])
      codes.push((readJson(refused.body) as LinkRefused).problem.code)
    }
    expect(codes).toEqual(['resume-failed', 'resume-failed', 'unauthenticated', 'unauthenticated'])
    // A message for a session that is not there goes nowhere; hers goes on.
    gateway.input(2, 'hand.raise')
    gateway.input(1, 'hand.raise')
    await gateway.wait(() => gateway.messagesOf(1).find(({ type }) => type === 'ack'))
    expect(gateway.messagesOf(2)).toEqual([])
    gateway.drop()
  })
})
