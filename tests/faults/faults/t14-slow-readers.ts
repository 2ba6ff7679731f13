import type { Evidence, Fault, Scene } from '../fault.ts'
import { atMost, none, single, type Figure } from '../figures.ts'
import { now } from '../history/history.ts'
import { RawClient } from '../workload/raw-client.ts'
import { inParallel, type Meeting } from '../workload/crowd.ts'

const slow = 5
const warmUpMs = 10_000
const mostWarmUps = 8
/** Memory that grows by less than this from one warm-up to the next is steady. */
const steadyMib = 3
const watchMs = 20_000
const quietMs = 2_000
/** 22 of these each second are 5 MB a minute for everybody in the room. */
const textBytes = 3_800
const perSecond = 22

/** A few of a hundred stop reading while megabytes of events go out. */
export const slowReaders: Fault = {
  id: 'T14',
  title: 'slow readers',
  promise:
    'A client that stops reading is cut within 15 s and costs next to no memory; the others get everything at once.',
  // The people of the load are the ones who talk; 100 raw clients come on top.
  size: { rooms: 1, clients: 4, chat: 0, state: 0, signals: 0, seconds: 30 },
  async inject(scene) {
    const [meeting] = scene.crowd.meetings
    if (meeting === undefined) throw new Error('there is no meeting')
    const clients = await enterAll(scene, meeting, 100)
    const usual = await warmUp(scene, meeting)
    const lags = hearLags(clients.slice(slow))
    const from = now()
    for (const { raw } of clients.slice(0, slow)) raw.socket.pause()
    const sent = await talk(scene, meeting, watchMs)
    scene.note('grown', peakOf(scene, from, now()) - usual)
    scene.mark('watched')
    for (const ms of lags) scene.note('lag', ms)
    scene.note('missing', (clients.length - slow) * sent - lags.length)
    for (const { id } of clients.slice(0, slow)) scene.note('cut', cutAt(scene, id, from) - from)
    for (const { raw } of clients) raw.socket.terminate()
    await scene.wait(12_000)
  },
  figures: figuresOf,
}

/** The need of the traffic itself is not the cost of the slow ones: all read until memory is steady. The most it was, in MiB. */
async function warmUp(scene: Scene, meeting: Meeting): Promise<number> {
  let most = 0
  for (let time = 0; time < mostWarmUps; time += 1) {
    const from = now()
    await talk(scene, meeting, warmUpMs)
    const peak = peakOf(scene, from, now())
    if (time > 0 && peak < most + steadyMib) return Math.max(most, peak)
    most = Math.max(most, peak)
  }
  return most
}

/** Of gateways and signaling together. Garbage makes what is resident go up and down all the time: only peaks can be compared. */
const peakOf = ({ cluster }: Scene, from: number, until: number): number =>
  cluster
    .records()
    .filter(({ label }) => /^(gateway|signaling)/.test(label))
    .map(({ memory }) => Math.max(...memory.filter(({ at }) => at >= from && at <= until).map(({ mib }) => mib)))
    .reduce((sum, mib) => sum + mib, 0)

/** Messages of a few kilobytes at a steady rate for `ms`, and a while until all of them are there; how many. */
async function talk({ wait }: Scene, { attendees }: Meeting, ms: number): Promise<number> {
  const from = now()
  let sent = 0
  while (now() - from < ms) {
    const speaker = attendees[sent % attendees.length]
    sent += 1
    void speaker?.say(`${now()} ${sent} `.padEnd(textBytes, '.'))
    await wait(Math.max(0, from + (sent * 1_000) / perSecond - now()))
  }
  await wait(quietMs)
  return sent
}

interface Listener {
  raw: RawClient
  id: string
}

async function enterAll(
  { cluster, crowd, recorder }: Scene,
  { id, code }: Meeting,
  count: number,
): Promise<Listener[]> {
  const [guide] = crowd.attendees
  const all: Listener[] = []
  const gateways = cluster.replicas('gateway')
  await inParallel(
    Array.from({ length: count }, (_, index) => index),
    async (index) => {
      const guest = await guide?.sibling(`slow${index}`)
      const { roomToken } = (await guest?.rest.join({ body: { code } })) ?? { roomToken: '' }
      const { url = '' } = gateways[index % gateways.length] ?? {}
      const raw = await RawClient.open(url, (await guest?.accessToken()) ?? '', id)
      const { payload } = await raw.request('room.join', { roomToken, device: { mic: false, cam: false } })
      const self = payload['selfParticipant'] as { id: string }
      recorder.gone.set(self.id, id)
      all.push({ raw, id: self.id })
      guest?.close()
    },
  )
  return all
}

/** How late each message reached each of them: its text begins with the moment it was sent. */
function hearLags(listeners: readonly Listener[]): number[] {
  const lags: number[] = []
  for (const { raw } of listeners)
    raw.onFrame = ({ type, payload }) => {
      if (type !== 'chat.message') return
      const { text = '' } = (payload?.['message'] ?? {}) as { text?: string }
      lags.push(now() - Number(text.split(' ')[0]))
    }
  return lags
}

/** When the others were told that this one has lost its connection. */
const cutAt = ({ recorder }: Scene, id: string, from: number): number =>
  recorder.marks.find((one) => one.participantId === id && one.connection === 'reconnecting' && one.at >= from)?.at ??
  Infinity

function figuresOf({ history, at, noted }: Evidence): Figure[] {
  const [until = 0] = at('watched')
  const others = history.marks.filter(({ participantId, at: when }) => when < until && !history.gone.has(participantId))
  return [
    atMost('cut after they stopped reading', noted('cut'), { most: 15_000 }),
    atMost('events to the others', noted('lag'), { most: 150, of: 'p99' }),
    none('events that the others did not get', noted('missing')[0] ?? Infinity),
    single('memory of gateways and signaling together', noted('grown')[0] ?? Infinity, { most: 30 }, 'MiB more'),
    none('others who lost their connection', others.length),
  ]
}
