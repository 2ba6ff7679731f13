import { connect, type Socket } from 'node:net'
import type { Evidence, Fault, Scene } from '../fault.ts'
import { atMost, none, single, type Figure } from '../figures.ts'
import { now } from '../history/history.ts'
import { addressOf } from '../stack/edge.ts'
import { RawClient } from '../workload/raw-client.ts'
import type { Replica } from '../stack/replicas.ts'

const hostile = 20
const patienceMs = 60_000

/** A gateway and a node of signaling have to stop while peers hold on: they neither read, nor close, nor finish. */
export const hostileDrain: Fault = {
  id: 'T6',
  title: 'drain with hostile peers',
  promise: 'A process that is told to stop has ended after 35 s, whatever its peers do.',
  size: { rooms: 2, clients: 4, chat: 4, state: 2, signals: 2, seconds: 20 },
  // As long as in production.
  stack: { env: { DRAIN_MS: '25000' } },
  async inject(scene) {
    for (const service of ['gateway', 'signaling'] as const) {
      const [replica] = scene.cluster.replicas(service)
      if (replica !== undefined) await stopWithHostilePeers(scene, replica)
    }
  },
  figures: figuresOf,
}

async function stopWithHostilePeers({ cluster, crowd, note }: Scene, replica: Replica): Promise<void> {
  const [attendee] = crowd.attendees
  const token = (await attendee?.parley.accessToken()) ?? ''
  const deaf = await Promise.all(Array.from({ length: hostile }, () => RawClient.open(replica.url, token)))
  for (const { socket } of deaf) socket.pause()
  const held = Array.from({ length: hostile }, (_, index) => holdOn(replica.url, index))
  note('held', deaf.length + held.length)
  const from = now()
  const code = await cluster.end(replica, 'SIGTERM', patienceMs)
  note('stop', now() - from)
  note('exit', code ?? -1)
  for (const { socket } of deaf) socket.terminate()
  for (const socket of held) socket.destroy()
}

/** A connection with a request that keeps it alive and, for every second one, another that never ends. */
function holdOn(url: string, index: number): Socket {
  const socket = connect(addressOf(url))
  socket.on('error', () => socket.destroy()).resume()
  socket.write('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n')
  if (index % 2 === 1) socket.write('POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{')
  return socket
}

function figuresOf({ noted }: Evidence): Figure[] {
  return [
    single('peers that held on', Math.min(...noted('held')), { least: 2 * hostile }),
    atMost('from SIGTERM to the end (gateway, signaling)', noted('stop'), { most: 35_000 }),
    none('ended with another code than 0', noted('exit').filter((code) => code !== 0).length),
  ]
}
