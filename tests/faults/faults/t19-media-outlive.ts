import type { Sfu } from '@parley/contracts'
import { SfuPeer } from '@parley/bench/janus'
import { anAccount, createMeeting, roomTokenFor, type Account } from '../../support/accounts.ts'
import { eventually } from '@parley/kit/testing'
import { hintFor, socketsOf } from '../../support/nodes.ts'
import { ProtocolSocket } from '../../support/protocol-socket.ts'
import type { Evidence, Fault } from '../fault.ts'
import { atMost, none, type Figure } from '../figures.ts'
import { now } from '../history/history.ts'
import { janusEnv } from '../stack/janus-rooms.ts'

const names = ['Ada', 'Ben', 'Cleo']
const gapMs = 500
const afterMs = 4_000
const patienceMs = 15_000

interface Caller {
  who: Account
  id: string
  socket: ProtocolSocket
  peer: SfuPeer
  session: number
}

/** The node that all of a call are on is killed; the other one carries them on. */
export const mediaOutlive: Fault = {
  id: 'T19',
  title: 'media outlives signaling',
  promise:
    'When the signaling node of an SFU call is killed, each keeps the Janus session. No audio is missing for more than 500 ms.',
  stack: { args: ['--janus', '1', '--media', '1'], env: janusEnv },
  size: { rooms: 1, clients: names.length, chat: 0, state: 0, signals: 0, seconds: 10 },
  underLoad: false,
  async inject(scene) {
    const { cluster, note, wait } = scene
    const [node, other] = cluster.replicas('signaling')
    if (node === undefined || other === undefined) throw new Error('there are two nodes')
    const gateway = cluster.replicas('gateway')[0]?.url ?? ''
    const callers = await call(gateway, await hintFor(node.url, gateway))
    await wait(1_000)
    for (const { peer } of callers) peer.forgetGaps()
    await cluster.end(node, 'SIGKILL')
    const from = now()
    await eventually(async () => {
      if ((await socketsOf(other.url)) !== names.length) throw new Error('not everybody is carried on')
    }, patienceMs)
    await Promise.all(callers.map(({ socket }) => socket.ask('hand.raise')))
    note('carried on', now() - from)
    await wait(afterMs)
    for (const { peer, session, socket } of callers) {
      for (const { id } of callers.filter((one) => one.peer !== peer)) {
        const { longestGapMs, packets } = peer.from(id, 'mic')
        note('gap', packets > 0 ? longestGapMs : Infinity)
      }
      await peer.client.request({ janus: 'keepalive' })
      if (peer.session !== session || peer.client.closed !== null) note('another session', 1)
      if (socket.all.some(({ type }) => type === 'participant.left')) note('saw somebody leave', 1)
      if (socket.closed !== null) note('lost the socket', 1)
    }
    await cluster.startLike(node)
    await Promise.all(callers.map(({ peer }) => peer.close()))
    for (const { socket } of callers) socket.drop()
  },
  figures: ({ noted }) => figuresOf(noted),
}

async function call(url: string, hint: string): Promise<Caller[]> {
  const accounts = await Promise.all(names.map((name) => anAccount(url, name)))
  const [owner] = accounts
  if (owner === undefined) throw new Error('somebody is the host')
  const meeting = await createMeeting(url, owner, { settings: { topology: 'sfu', waitingRoom: false } })
  const callers: Caller[] = []
  for (const who of accounts) {
    const roomToken = await roomTokenFor(url, who, meeting)
    const socket = await ProtocolSocket.open(url, who.token, hint)
    const { payload } = await socket.ask('room.join', { roomToken, device: { mic: true, cam: true } })
    const peer = await SfuPeer.connect(payload['sfu'] as Sfu, who.token)
    await peer.publish()
    const { id } = payload['selfParticipant'] as { id: string }
    callers.push({ who, id, socket, peer, session: peer.session })
  }
  return callers
}

function figuresOf(noted: Evidence['noted']): Figure[] {
  return [
    atMost('until another node has carried all on', noted('carried on'), { most: 5_000 }),
    atMost('longest time without audio, of each pair', noted('gap'), { most: gapMs }),
    none('people on another Janus session', noted('another session').length),
    none('people who saw somebody leave', noted('saw somebody leave').length),
    none('people whose socket closed', noted('lost the socket').length),
  ]
}
