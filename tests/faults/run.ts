import { setTimeout as sleep } from 'node:timers/promises'
import type { Evidence, Fault, Scene, Size } from './fault.ts'
import type { Figure } from './figures.ts'
import { checkHistory, type Verdict } from './history/check.ts'
import { now } from './history/history.ts'
import { Recorder } from './history/recorder.ts'
import { openLinks } from './links.ts'
import type { FaultProxy } from './proxy/fault-proxy.ts'
import { hintsOf } from './hints.ts'
import { createRandom } from './random.ts'
import { startCluster, type Cluster } from './stack/cluster.ts'
import { chairOf } from './workload/chair.ts'
import { startCommands } from './workload/commands.ts'
import { gather } from './workload/crowd.ts'
import { startLoad } from './workload/load.ts'
import { placeOutsider } from './workload/outsider.ts'
import { settle } from './workload/settle.ts'

export interface Outcome {
  fault: Pick<Fault, 'id' | 'title' | 'promise' | 'field'>
  seed: number
  size: Size
  figures: readonly Figure[]
  verdicts: readonly Verdict[]
  passed: boolean
  seconds: number
  /** The remarks beside the figures. */
  remarks?: readonly string[]
}

export interface RunOptions {
  size: Size
  seed: number
  /** Hears what is being done. */
  tell?: (line: string) => void
  /** A product that runs already, and goes on afterwards; one of its own unless given. */
  cluster?: Cluster
  /** The links of that product, in the order in which the fault asks for them. */
  links?: readonly FaultProxy[]
}

/** Before anything fails. */
const calmMs = 2_000
const growthMib = 150

/** One fault from its start to its end, on a stack of its own unless one is given. */
export async function runFault(fault: Fault, options: RunOptions): Promise<Outcome> {
  const from = now()
  const { cluster, links, stop } = await prepare(fault, options)
  const rejections = hearRejections()
  try {
    const { evidence, remarks } = await play({ ...options, fault, cluster, links, faults: rejections.faults })
    const bound = { growthMib: fault.growthMib ?? growthMib }
    const verdicts = checkHistory(evidence.history, bound)
    const figures = fault.figures(evidence)
    const passed = verdicts.every(({ breaches }) => breaches.length === 0) && figures.every(({ pass }) => pass)
    const { id, title, promise, field } = fault
    const { seed, size } = options
    const told = { id, title, promise, ...(field !== undefined && { field }) }
    return { fault: told, seed, size, figures, verdicts, passed, seconds: (now() - from) / 1_000, remarks }
  } finally {
    rejections.stop()
    await stop()
  }
}

async function prepare(fault: Fault, { tell, cluster, links: shared = [] }: RunOptions) {
  if (cluster !== undefined) return { cluster, links: shared, stop: () => Promise.resolve() }
  const { links, args, close } = await openLinks(fault.links)
  tell?.('starting the stack')
  const own = await startCluster({ ...fault.stack, args: [...(fault.stack?.args ?? []), ...args] })
  const stop = async (): Promise<void> => {
    await own.stop()
    await close()
  }
  return { cluster: own, links, stop }
}

interface Play extends RunOptions {
  fault: Fault
  cluster: Cluster
  links: readonly FaultProxy[]
  faults: readonly string[]
}

interface Played {
  evidence: Evidence
  remarks: readonly string[]
}

async function play({ fault, cluster, links, size, seed, tell = () => undefined, faults }: Play): Promise<Played> {
  const { scene, at, noted, remarks, finish } = await makeScene({ fault, cluster, size, seed, tell })
  try {
    const { crowd, recorder } = scene
    const load = fault.underLoad === false ? null : startLoad(crowd.meetings, size, scene.random)
    const commands = startCommands(scene, fault.commands ?? 0)
    const begun = now()
    if (load !== null) await sleep(calmMs)
    tell('injecting the fault')
    await fault.inject(scene, links)
    scene.mark('injected')
    await fault.heal?.(scene, links)
    scene.mark('healed')
    if (load !== null) await sleep(Math.max(calmMs, begun + size.seconds * 1_000 - now()))
    await Promise.all([load?.stop(), commands.stop()])
    tell('waiting for rest')
    const rest = await settle(crowd, recorder, cluster.server('postgres').url)
    tell('reading what was recorded')
    recorder.clientFaults.push(...faults)
    const history = recorder.history({ ...rest, processes: cluster.records() })
    return { evidence: { history, rest, size, cluster, at, noted }, remarks }
  } finally {
    await finish()
  }
}

async function makeScene({ fault, cluster, size, seed, tell = () => undefined }: Omit<Play, 'links' | 'faults'>) {
  const recorder = new Recorder()
  const random = createRandom(seed)
  const doors = await Promise.all(Array.from({ length: fault.doors ?? 1 }, () => cluster.edge.open()))
  const marks: { name: string; at: number }[] = []
  const notes: { name: string; value: number }[] = []
  const remarks: string[] = []
  // Every second client goes to the node that its own hint leads to. So rooms are spread over the nodes.
  const astray = (room: number, client: number) => (client % 2 === 0 ? undefined : `astray-${seed}-${room}-${client}`)
  const asked = fault.underLoad === false ? { rooms: 0, clients: 0 } : size
  tell(`gathering ${asked.rooms} rooms × ${asked.clients} clients`)
  const urls = doors.map(({ url }) => url)
  const hint = (await fault.hints?.(cluster)) ?? astray
  const place = fault.places?.(cluster)
  const hints = place === undefined ? new Map<string, string>() : await hintsOf(cluster)
  const crowd = await gather({ urls, ...asked, recorder, hint, hints, ...(place && { place }), ownAddresses: true })
  const endOutsider = await placeOutsider(crowd, recorder, urls[0] ?? '')
  const scene: Scene = {
    cluster,
    crowd,
    chair: chairOf(crowd, recorder, urls[0] ?? ''),
    recorder,
    hints,
    doors,
    size,
    random,
    mark: (name) => void marks.push({ name, at: now() }),
    note: (name, value) => void notes.push({ name, value }),
    remark: (text) => void remarks.push(text),
    wait: (ms) => sleep(ms),
  }
  return {
    scene,
    at: (name: string) => marks.filter((mark) => mark.name === name).map((mark) => mark.at),
    noted: (name: string) => notes.filter((note) => note.name === name).map(({ value }) => value),
    remarks,
    async finish() {
      endOutsider()
      await crowd.close()
    },
  }
}

/** An uncaught error in the process of the clients is a fault of the SDK. */
function hearRejections() {
  const faults: string[] = []
  const hear = (reason: unknown): void => {
    faults.push(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason))
  }
  process.on('unhandledRejection', hear)
  return { faults, stop: () => void process.off('unhandledRejection', hear) }
}
