import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId, ProblemError } from '@parley/kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeOf, nextFrame, readFrames } from '../../testing/frames.ts'
import { startGateway, type TestGateway } from '../../testing/gateway.ts'
import type { AttachedSession, LinkNode } from '../../testing/link-node.ts'
import { openSocket } from '../../testing/raw.ts'

const patience = { timeout: 15_000 }
let gateway: TestGateway
let first: LinkNode
beforeEach(async () => {
  gateway = await startGateway()
  first = gateway.upstreams.signaling.node
})
afterEach(() => gateway.stop())

/** A client, how it closes, and its session at the node. */
async function connect(): Promise<{
  socket: WebSocket
  messages: string[]
  closed: Promise<CloseEvent>
  session: AttachedSession
}> {
  const before = first.sessions.length
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/v1/ws`, ['parley.v1'])
  const messages: string[] = []
  socket.addEventListener('message', ({ data }) => messages.push(String(data)))
  const closed = once(socket, 'close').then(([event]) => event as CloseEvent)
  await Promise.race([once(socket, 'open'), closed.then(({ code }) => Promise.reject(new Error(`closed: ${code}`)))])
  const session = first.sessions[before]
  if (session === undefined) {
    socket.close()
    throw new Error('the node was not asked')
  }
  return { socket, messages, closed, session }
}

const held = (v = 1) => ({ meetingId: newId(), sessionId: newId(), resumeToken: 'r', v, signalSeq: 0 })
const buffered = async (): Promise<number> =>
  Number(/^parley_gateway_buffered_bytes\{[^}]*\} (\d+)/m.exec(await gateway.metrics())?.[1] ?? -1)

describe('a client whose socket the gateway holds', () => {
  it('R1 gets the messages and the close code of the node', async () => {
    const { messages, closed, session, socket } = await connect()
    session.send('{"type":"hello"}')
    session.close('removed')
    expect([(await closed).code, socket.protocol, messages]).toEqual([4403, 'parley.v1', ['{"type":"hello"}']])
  })

  it('R1 the node hears at once how a client has gone', async () => {
    const [closing, vanishing] = [await connect(), await openSocket(gateway.url)]
    closing.socket.close(1000)
    vanishing.socket.resetAndDestroy()
    await expect.poll(() => first.sessions.map(({ detached }) => detached), patience).toEqual([1000, 1006])
    await expect.poll(() => gateway.metrics(), patience).toMatch(/parley_gateway_sockets\{service="gateway"\} 0/)
  })

  it('S25 a frame that is too large, or breaks the protocol, closes it; a long message comes whole', async () => {
    const large = await connect()
    large.socket.send('x'.repeat(65_537))
    expect((await large.closed).code).toBe(1009)
    const whole = await connect()
    whole.socket.send('y'.repeat(65_000))
    await expect.poll(() => whole.session.heard.length + whole.messages.length, patience).toBeGreaterThan(0)
    const { socket } = await openSocket(gateway.url)
    // An unmasked frame.
    socket.write(Buffer.from([0x81, 0x01, 0x61]))
    const { frames } = await readFrames(socket)
    expect(frames.map(codeOf)).toEqual([1002])
    socket.destroy()
  })

  it('R10 X3 a session that stops reading is reported, and loses only ephemeral frames; if it goes on, 4413 closes it', async () => {
    const other = await connect()
    const pausing = await openSocket(gateway.url)
    const deaf = await openSocket(gateway.url)
    const slow = first.sessions.slice(-2)
    while (!slow.every((session) => session.slow)) {
      for (const session of slow) if (!session.slow) session.send('x'.repeat(60_000))
      await sleep(10)
    }
    first.cast('passing', 'passing')
    first.cast('state')
    await expect.poll(() => other.messages, patience).toEqual(['passing', 'state'])
    expect(await buffered()).toBeLessThan(4 * 1_024 * 1_024)
    const texts: string[] = []
    while (texts.at(-1) !== 'state') texts.push((await nextFrame(pausing.socket)).payload.toString())
    expect(texts).not.toContain('passing')
    await expect.poll(() => slow[0]?.slow, patience).toBe(false)
    await expect.poll(() => slow[1]?.detached, patience).toBe(4413)
    expect([slow[0]?.detached, await buffered()]).toEqual([undefined, 0])
    for (const { socket } of [pausing, deaf]) socket.destroy()
  }, 30_000)
})

describe('a link that stalls', () => {
  it('R10 keeps what clients send up to a bound, then reads them no more, and drops nothing', async () => {
    const { socket, session, messages } = await connect()
    first.freeze(true)
    const count = 2_000
    for (let n = 0; n < count; n += 1) socket.send(`${n}:${'x'.repeat(2_000)}`)
    await sleep(700)
    expect(await buffered()).toBeLessThan(2 * 1_024 * 1_024)
    first.freeze(false)
    await expect.poll(() => session.heard.length, patience).toBe(count)
    expect(session.heard.map((text) => Number(text.split(':')[0]))).toEqual(Array.from({ length: count }, (_, n) => n))
    await expect.poll(() => messages.length, patience).toBe(count)
    socket.close()
  })

  it('T3 a frozen node keeps its sockets while no other is heard: there is nowhere to go', async () => {
    const { socket, messages } = await connect()
    first.freeze(true)
    await sleep(3_000)
    expect(socket.readyState).toBe(WebSocket.OPEN)
    first.freeze(false)
    socket.send('still here')
    await expect.poll(() => messages, patience).toEqual(['still here'])
    socket.close()
  })
})

describe('a node that goes', () => {
  let second: LinkNode
  beforeEach(async () => {
    second = (await gateway.add('signaling')).node
  })
  /** A client at the first node. */
  async function atFirst() {
    for (;;) {
      const client = await connect().catch(() => null)
      if (client !== null) return client
    }
  }

  it.each<[string, () => unknown]>([
    ['T1 is killed', () => gateway.upstreams.signaling.kill()],
    ['T3 freezes', () => first.freeze(true)],
    ['R9 drains', () => first.drain()],
  ])(
    'R13 %s: another goes on with the session; what was not done is sent again, once and in order',
    async (_how, go) => {
      const { socket, messages, session } = await atFirst()
      const known = held()
      session.hold(known)
      await sleep(50)
      first.onText = () => {}
      socket.send('not done')
      await expect.poll(() => session.heard, patience).toEqual(['not done'])
      await go()
      socket.send('later')
      await expect.poll(() => second.sessions.at(-1)?.heard, patience).toEqual(['not done', 'later'])
      expect(second.sessions.at(-1)?.asked).toMatchObject({ session: known })
      await expect.poll(() => messages, patience).toEqual(['not done', 'later'])
      expect(socket.readyState).toBe(WebSocket.OPEN)
      socket.close()
    },
  )

  it('T3 a frozen node: a new socket goes to another within seconds, the next ones at once', async () => {
    first.freeze(true)
    const took: number[] = []
    for (let index = 0; index < 8; index += 1) {
      const from = Date.now()
      const { answer, socket } = await openSocket(gateway.url, { path: `/v1/ws?meeting=m${index}` })
      expect(answer.status).toBe(101)
      took.push(Date.now() - from)
      socket.destroy()
    }
    expect(took.filter((ms) => ms > 1_000).length).toBeLessThanOrEqual(1)
  })

  it('R13 a session that no node can go on with is told 1012', async () => {
    const { closed, session } = await atFirst()
    session.hold(held())
    await sleep(50)
    second.judge = () => new ProblemError('resume-failed', 'There is no such session').toProblem()
    await gateway.upstreams.signaling.kill()
    expect((await closed).code).toBe(1012)
  })

  it('R1 what the node had said before it died comes first', async () => {
    const { socket } = await openSocket(gateway.url)
    const session = [...first.sessions, ...second.sessions].at(-1)
    session?.send('whole')
    await sleep(50)
    await gateway.upstreams.signaling.kill()
    expect((await nextFrame(socket)).payload.toString()).toBe('whole')
    socket.destroy()
  })
})
