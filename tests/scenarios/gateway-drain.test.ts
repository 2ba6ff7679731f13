import { setTimeout as sleep } from 'node:timers/promises'
import { createParley, type Parley, type Room, type RoomState } from '@parley/client'
import { eventually, freeze } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aGuest, anAccount, createMeeting } from '../support/accounts.ts'
import { startBalancer } from '../support/balancer.ts'
import { parleyCli } from '../support/cli.ts'
import { socketsOf } from '../support/nodes.ts'
import { aPerson } from '../support/people.ts'
import { startEmbedded, startStack } from '../support/product.ts'
import { ProtocolSocket, takeSeat } from '../support/protocol-socket.ts'

const adminToken = 'a token that only operators have'
const device = { mic: true, cam: true }
const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Everything that somebody in a room would take for trouble, from now on. */
function troubleOf(room: Room): string[] {
  const seen: string[] = []
  const peers = room.state.get().peers.length
  const look = ({ status, peers: now }: RoomState) => {
    if (status.state !== 'joined') seen.push(`own status ${status.state}`)
    if (now.length < peers) seen.push(`${now.length} of ${peers} peers`)
    for (const { name, connection } of now) if (connection !== 'connected') seen.push(`${name} ${connection}`)
  }
  room.state.subscribe(() => look(room.state.get()))
  return seen
}

/** Somebody without an account: signing in costs no hashing. */
async function aGuestOf(url: string, name: string): Promise<Parley> {
  const parley = createParley({ url, tokenDelivery: 'body' })
  await parley.signInAsGuest({ name })
  return parley
}

describe('distributed', () => {
  let stack: Awaited<ReturnType<typeof startStack>>
  let balancer: Awaited<ReturnType<typeof startBalancer>>
  let people: Parley[] = []
  let code = ''
  let rooms: Room[] = []
  beforeAll(async () => {
    stack = await startStack(['--gateway', '2', '--signaling', '2'], { ADMIN_TOKEN: adminToken })
    balancer = await startBalancer(() => stack.gateways)
    const host = await aPerson(balancer.url, 'Ada')
    const meeting = await host.rest.createMeeting({ body: { title: 'Drain', type: 'public' } })
    code = meeting.code
    people = [
      host,
      ...(await Promise.all(['Ben', 'Cy', 'Di', 'Ed', 'Flo'].map((name) => aGuestOf(balancer.url, name)))),
    ]
    rooms = await Promise.all(people.map((parley) => parley.join({ code: meeting.code, device })))
    await eventually(() => {
      if (rooms.some((room) => room.state.get().peers.length !== 5)) throw new Error('not everybody sees everybody')
    })
  }, 120_000)
  afterAll(async () => {
    await Promise.all(rooms.map((room) => room.leave()))
    for (const parley of people) parley.close()
    await balancer.stop()
    await stack.stop()
  }, 60_000)

  it('O25 R9 an operator drains a gateway: its people move to the other one, nobody notices; undrained it serves again', async () => {
    const [gateway, other] = stack.file.gateways
    if (!gateway || !other) throw new Error('no gateway')
    const env = { ADMIN_TOKEN: adminToken }
    const { stdout } = await parleyCli(['nodes', '--json', '--url', other.url], env)
    const node = (JSON.parse(stdout) as { id: string; url: string }[]).find(({ url }) => url === gateway.url)
    const trouble = rooms.map(troubleOf)
    const drained = await parleyCli(['drain', `gateway/${node?.id}`, '--url', other.url], env)
    expect(drained).toMatchObject({ code: 0, stdout: expect.stringContaining('drained') })
    expect([await socketsThrough(gateway.url), await socketsThrough(other.url)]).toEqual([0, people.length])
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(503)
    expect((await parleyCli(['undrain', `gateway/${node?.id}`, '--url', other.url], env)).code).toBe(0)
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200)
    const late = await eventually(async () => {
      const ede = await aGuestOf(gateway.url, 'Ede')
      await ede.join({ code, device })
      expect(await socketsThrough(gateway.url)).toBe(1)
      return ede
    })
    late.close()
    expect(await rooms[0]?.sendMessage('moved')).not.toBeNull()
    expect(trouble).toEqual(Array(6).fill([]))
  }, 90_000)

  it('R9 a gateway that is told to stop moves its sockets to the other one, and nobody notices', async () => {
    const counts = await Promise.all(stack.file.gateways.map(({ url }) => socketsThrough(url)))
    const gateway = stack.file.gateways[counts.indexOf(Math.max(...counts))]
    if (!gateway) throw new Error('no gateway')
    expect(await socketsThrough(gateway.url)).toBeGreaterThan(0)
    const saidBefore = rooms.map((room) => room.state.get().messages.length)
    const trouble = rooms.map(troubleOf)
    const sent: Promise<unknown>[] = []
    const talking = setInterval(
      () => sent.push(...rooms.map((room, n) => room.sendMessage(`${n}: ${sent.length}`))),
      500,
    )
    const from = Date.now()
    process.kill(gateway.pid, 'SIGTERM')
    await eventually(() => expect(isRunning(gateway.pid)).toBe(false), 35_000)
    process.stdout.write(`the gateway was gone after ${Date.now() - from} ms\n`)
    await sleep(1_000)
    clearInterval(talking)
    expect((await Promise.all(sent)).every((message) => message !== null)).toBe(true)
    expect(trouble).toEqual(Array(6).fill([]))
    await eventually(() => {
      expect(rooms.map((room, n) => room.state.get().messages.length - (saidBefore[n] ?? 0))).toEqual(
        rooms.map(() => sent.length),
      )
    })
  }, 90_000)

  it('T3 R13 a frozen signaling node: another node takes its sessions over, and nobody notices', async () => {
    const counts = await Promise.all(stack.file.signaling.map(({ url }) => socketsOf(url)))
    const node = stack.file.signaling[counts.indexOf(Math.max(...counts))]
    const others = stack.file.signaling.filter((other) => other !== node)
    if (!node) throw new Error('no node')
    const trouble = rooms.map(troubleOf)
    await freeze(node.pid)
    const from = Date.now()
    try {
      await eventually(async () => {
        const elsewhere = await Promise.all(others.map(({ url }) => socketsOf(url)))
        expect(elsewhere.reduce((sum, count) => sum + count, 0)).toBe(people.length)
      }, 20_000)
      process.stdout.write(`another node had everybody after ${Date.now() - from} ms\n`)
      expect(await rooms[0]?.sendMessage('still here')).not.toBeNull()
      expect(trouble).toEqual(Array(6).fill([]))
    } finally {
      process.kill(node.pid, 'SIGCONT')
    }
  }, 90_000)

  async function socketsThrough(url: string): Promise<number> {
    const text = await (await fetch(`${url}/metrics`)).text()
    return Number(/^parley_gateway_sockets\{[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0)
  }
})

describe('embedded', () => {
  let product: Awaited<ReturnType<typeof startEmbedded>> | undefined
  beforeAll(async () => {
    product = await startEmbedded()
  }, 120_000)
  // Again, where the test did not come so far.
  afterAll(() => product?.stop(), 60_000)

  it('R9 the product that stops says 1012 to everybody, whatever they do, and ends at once', async () => {
    const url = product?.gateways[0] ?? ''
    const host = await anAccount(url, 'Ada')
    const { socket: seated } = await takeSeat(url, host, await createMeeting(url, host))
    const idle = await ProtocolSocket.open(url, (await aGuest(url, 'Gil')).token)
    const silent = await ProtocolSocket.open(url)
    const from = Date.now()
    const stopped = product?.stop()
    const codes = await Promise.all([seated, idle, silent].map((socket) => socket.waitForClose()))
    expect(codes.map(({ code }) => code)).toEqual([1012, 1012, 1012])
    await stopped
    process.stdout.write(`the embedded product was gone after ${Date.now() - from} ms\n`)
    expect(Date.now() - from).toBeLessThan(15_000)
  }, 60_000)
})
