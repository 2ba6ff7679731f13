import { setTimeout as sleep } from 'node:timers/promises'
import { eventually, freeze } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aGuest, anAccount, createMeeting } from '../support/accounts.ts'
import { parleyCli, type CliRun } from '../support/cli.ts'
import { hintFor, socketsOf } from '../support/nodes.ts'
import { startStack } from '../support/product.ts'
import { takeSeat, type Message, type Seated } from '../support/protocol-socket.ts'

const guests = 5
const adminToken = 'a token that only operators have'
const patienceMs = 30_000

/** The messages that would tell of a node that goes. */
const isTrouble = ({ type, payload }: Message): boolean =>
  type === 'server.draining' ||
  type === 'participant.left' ||
  (type === 'participant.updated' && payload['connection'] === 'reconnecting')

describe('a signaling node goes, and the clients’ sockets stay', () => {
  let stack: Awaited<ReturnType<typeof startStack>>
  let seated: Seated[] = []
  beforeAll(async () => {
    stack = await startStack(['--gateway', '2', '--signaling', '2', '--respawn'], { ADMIN_TOKEN: adminToken })
    const [one = '', other = ''] = stack.gateways
    const host = await anAccount(one, 'Ada')
    const meeting = await createMeeting(one, host)
    seated = [await takeSeat(one, host, meeting, meeting.id)]
    for (let n = 1; n <= guests; n += 1) {
      const gateway = n % 2 === 0 ? one : other
      seated.push(await takeSeat(gateway, await aGuest(gateway, `Guest ${n}`), meeting, n < 4 ? meeting.id : undefined))
    }
  }, 120_000)
  afterAll(async () => {
    for (const { socket } of seated) socket.drop()
    await stack.stop()
  }, 60_000)

  /** The node that has most of the people. */
  async function busiest() {
    const { signaling } = await stack.present()
    const counts = await Promise.all(signaling.map(({ url }) => socketsOf(url)))
    const node = signaling[counts.indexOf(Math.max(...counts))]
    if (!node) throw new Error('no node')
    return node
  }
  /** Everybody acts and speaks while `go` happens; afterwards all agree, and nobody was in trouble. */
  async function undisturbed(go: () => Promise<unknown>): Promise<void> {
    const from = seated.map(({ socket }) => socket.all.length)
    const answers: Promise<Message>[] = []
    let raised = false
    const acting = setInterval(() => {
      raised = !raised
      for (const { socket } of seated) answers.push(socket.ask(raised ? 'hand.raise' : 'hand.lower'))
    }, 100)
    await sleep(300)
    await go()
    await sleep(1_500)
    clearInterval(acting)
    const outcomes = await Promise.all(answers)
    expect(outcomes.filter(({ type }) => type !== 'ack')).toEqual([])
    expect(seated.map(({ socket }) => socket.closed)).toEqual(seated.map(() => null))
    const news = seated.flatMap(({ socket }, n) => socket.all.slice(from[n]))
    expect(news.filter(isTrouble)).toEqual([])
    await allAgree()
  }
  /** A change reaches everybody, and everybody is at the same version. */
  async function allAgree(): Promise<void> {
    const said = `here ${performance.now()}`
    const sent = await seated[0]?.socket.ask('chat.send', { clientMessageId: crypto.randomUUID(), text: said })
    expect(sent?.type).toBe('chat.accepted')
    for (const { socket } of seated)
      await socket.waitFor('chat.message', ({ message }) => (message as { text?: string }).text === said, patienceMs)
    await eventually(async () => {
      const synced = await Promise.all(seated.map(({ socket }) => socket.ask('room.sync', { v: 1 })))
      expect(new Set(synced.map(({ payload }) => payload['v'])).size).toBe(1)
    }, patienceMs)
  }

  it('O25 R13 an operator drains it and puts it back: nobody notices, and new sockets land there again', async () => {
    const [gateway = ''] = stack.gateways
    const parley = (...args: string[]): Promise<CliRun> =>
      parleyCli([...args, '--url', gateway], { ADMIN_TOKEN: adminToken })
    const ready = async (): Promise<number> => (await fetch(`${node.url}/readyz`)).status
    const node = await busiest()
    const other = (await stack.present()).signaling.find(({ id }) => id !== node.id)
    const nodes = JSON.parse((await parley('nodes', '--json')).stdout) as { kind: string; id: string; load: object }[]
    const kinds = ['gateway', 'gateway', 'signaling', 'signaling', 'auth', 'meetings', 'chat', 'media']
    expect(nodes.map(({ kind }) => kind)).toEqual(kinds)
    expect(nodes.find(({ id }) => id === node.id)?.load).toMatchObject({
      sessions: await socketsOf(node.url),
      rooms: 1,
    })
    await undisturbed(async () => {
      const { code, stdout } = await parley('drain', node.id)
      expect([code, stdout]).toEqual([0, expect.stringMatching(/drained +sessions 0/)])
      expect([await socketsOf(node.url), await ready()]).toEqual([0, 503])
    })
    expect(await parley('drain', `signaling/${other?.id}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is the only signaling that serves'),
    })
    await undisturbed(async () => {
      const { code, stdout } = await parley('undrain', node.id)
      expect([code, stdout, await ready()]).toEqual([0, expect.stringContaining('serving'), 200])
    })
    for (const url of stack.gateways)
      await eventually(async () => expect(await hintFor(node.url, url)).toBeTruthy(), patienceMs)
  }, 120_000)

  it('O25 O1 nobody without the token, or from outside, learns that there is an /admin', async () => {
    const ask = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${stack.gateways[0]}/admin/nodes`, { headers })).status
    const authorization = `Bearer ${adminToken}`
    const askers = [
      {},
      { authorization: 'Bearer x' },
      { authorization, 'x-forwarded-for': '10.0.0.9' },
      { authorization },
    ]
    expect(await Promise.all(askers.map(ask))).toEqual([404, 404, 404, 200])
  })

  it('T1 R13 it is killed: no socket closes, every request is answered, nobody is seen to go', async () => {
    const node = await busiest()
    await undisturbed(async () => process.kill(node.pid, 'SIGKILL'))
  }, 90_000)

  it('R9 R13 a node that stops hands its sessions over, and clients get no message', async () => {
    await eventually(async () => expect((await stack.present()).signaling.length).toBe(2), patienceMs)
    await sleep(3_000)
    const node = await busiest()
    await undisturbed(async () => {
      process.kill(node.pid, 'SIGTERM')
      await eventually(async () => expect(await socketsOf(node.url)).toBe(0), patienceMs)
    })
  }, 90_000)

  it('T3 R13 it freezes: others carry its sessions on before anybody misses them, and it changes nothing when it wakes', async () => {
    await sleep(3_000)
    const node = await busiest()
    await undisturbed(async () => {
      await freeze(node.pid)
      await sleep(6_000)
      process.kill(node.pid, 'SIGCONT')
    })
  }, 90_000)
})
