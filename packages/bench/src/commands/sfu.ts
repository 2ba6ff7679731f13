import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join as joinPath } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sfu } from '@parley/contracts'
import type WebSocket from 'ws'
import { SfuPeer } from '../janus/sfu-peer.ts'
import { join, openSocket } from '../product/participant.ts'
import { roomsOf, rest, several, type Guest } from '../product/people.ts'
import { first, withStack, type Stack } from '../product/stack.ts'
import { cpuMicros } from '../proc.ts'
import { atMost, head, row } from '../report.ts'
import type { CommonOptions } from './options.ts'

export interface SfuOptions extends CommonOptions {
  people: number
  watch: number
  mesh: number
  seconds: number
}

const fromPeople = 2
const settledMs = 3_000

/** V1: an SFU call that just runs; the CPU of our services beside what they use with nobody there, and that of Janus. */
export async function sfu({ people, watch, mesh, seconds, stack: file }: SfuOptions): Promise<void> {
  head('V1', `an SFU call of ${people} publishers, each receives ${watch} others, ${seconds} s`)
  const env = { SFU_FROM_PEOPLE: String(fromPeople) }
  await withStack({ file, janus: 1, env }, async (stack) => {
    const ours = pidsOf(stack)
    await sleep(settledMs)
    const idle = await cpuDuring(ours, seconds)
    const { peers, sockets } = await startCall(stack, people, watch)
    await sleep(settledMs)
    const before = total(peers)
    const [busy, janus, sent] = await Promise.all([
      cpuDuring(ours, seconds),
      cpuDuring([first(stack.janus).pid], seconds),
      sleep(seconds * 1_000).then(() => since(before, total(peers))),
    ])
    row('our services, nobody there', percent(idle))
    row('our services, the call runs', percent(busy))
    row('Janus', `${percent(janus)}, ${rates(sent, seconds)}`)
    atMost('our services add, % of a core', (busy - idle) * 100, 5)
    for (const socket of sockets) socket.terminate()
    await Promise.all(peers.map((peer) => peer.close()))
    await besideMesh({ mesh, seconds, people, janusMicros: (janus * seconds * 1e6) / Math.max(1, sent.packets) })
  })
}

const pidsOf = ({ gateways, signaling, auth, meetings, chat, media }: Stack): number[] =>
  [gateways, signaling, auth, meetings, chat, media].flat().map(({ pid }) => pid)

async function startCall({ gateways }: Stack, people: number, watches: number) {
  const { url } = first(gateways)
  const [guests = []] = await roomsOf(url, 1, people)
  const sockets: WebSocket[] = []
  await several(people, 4, async (index) => {
    const guest = guests[index]
    if (guest === undefined) throw new Error('a guest for every place')
    const socket = await openSocket(url, guest)
    sockets.push(socket)
    await join(socket, guest)
  })
  const peers = await several(people, 2, async (index) => {
    const guest = guests[index]
    if (guest === undefined) throw new Error('a guest for every place')
    const peer = await SfuPeer.connect(await tokenOf(url, guest), guest.accessToken, { watches })
    await peer.publish()
    return peer
  })
  return { peers, sockets }
}

const tokenOf = (url: string, { accessToken: token, address, meetingId }: Guest): Promise<Sfu> =>
  rest<Sfu>(`${url}/v1/meetings/${meetingId}/janus-token`, { method: 'GET', token, address })

/** In a mesh every publisher sends to everybody, and the machines of the people pay for it. */
async function besideMesh(options: { mesh: number; seconds: number; people: number; janusMicros: number }) {
  const { mesh: size, seconds, people, janusMicros } = options
  const mesh = fork(joinPath(import.meta.dirname, '../janus/mesh-process.ts'), [String(size)])
  await once(mesh, 'message')
  await sleep(settledMs)
  const before = await amountOf(mesh)
  const cpu = await cpuDuring([mesh.pid ?? 0], seconds)
  const sent = since(before, await amountOf(mesh))
  mesh.disconnect()
  row(`mesh of ${size} (werift, both ends)`, `${percent(cpu)}, ${rates(sent, seconds)}`)
  const meshMicros = (cpu * seconds * 1e6) / Math.max(1, sent.packets)
  row('CPU for each packet that arrives', `Janus ${janusMicros.toFixed(1)} µs, mesh ${meshMicros.toFixed(1)} µs`)
  row(`a publisher among ${people} sends`, `1 × its media to the SFU, ${people - 1} × in a mesh`)
}

async function amountOf(mesh: ChildProcess): Promise<Amount> {
  const answer = once(mesh, 'message')
  mesh.send('read')
  const [amount] = (await answer) as [Amount]
  return amount
}

interface Amount {
  packets: number
  bytes: number
}
const total = (peers: readonly SfuPeer[]): Amount =>
  peers.reduce(
    (sum, peer) => ({ packets: sum.packets + peer.total().packets, bytes: sum.bytes + peer.total().bytes }),
    { packets: 0, bytes: 0 },
  )
const since = (before: Amount, after: Amount): Amount => ({
  packets: after.packets - before.packets,
  bytes: after.bytes - before.bytes,
})

/** As a share of one core. */
async function cpuDuring(pids: readonly number[], seconds: number): Promise<number> {
  const before = cpuMicros(pids)
  await sleep(seconds * 1_000)
  return (cpuMicros(pids) - before) / (seconds * 1e6)
}
const percent = (share: number): string => `${(share * 100).toFixed(1).padStart(6)} % of a core`
const rates = ({ packets, bytes }: Amount, seconds: number): string =>
  `${Math.round(packets / seconds)} packets/s, ${Math.round(bytes / seconds / 1_024)} KiB/s arrive`
