import type { ClusterOptions, Cluster } from './stack/cluster.ts'
import type { Figure } from './figures.ts'
import type { History } from './history/history.ts'
import type { Recorder } from './history/recorder.ts'
import type { FaultProxy } from './proxy/fault-proxy.ts'
import type { Random } from './random.ts'
import type { Chair } from './workload/chair.ts'
import type { Crowd, NodeChoice } from './workload/crowd.ts'
import type { Rates } from './workload/load.ts'
import type { Rest } from './workload/settle.ts'

/** The load of a run: everything together, not per room. */
export interface Size extends Rates {
  rooms: number
  clients: number
  seconds: number
}

/** The whole load of the promises' table. */
export const wholeLoad: Size = { rooms: 20, clients: 10, chat: 100, state: 20, signals: 20, seconds: 60 }

type Door = FaultProxy & { url: string }

/** The tools of a fault while it is injected. */
export interface Scene {
  /** Where the fault has places: the hints that lead to nodes, by their URLs. */
  hints: ReadonlyMap<string, string>
  cluster: Cluster
  crowd: Crowd
  /** The host of all meetings, over REST. */
  chair: Chair
  recorder: Recorder
  /** The way in of everybody, or, with two of them, of every second client. */
  doors: readonly Door[]
  size: Size
  random: Random
  /** Remembers the moment under a name. */
  mark(name: string): void
  /** Keeps a number under a name, for the figures. */
  note(name: string, value: number): void
  /** The remark beside the figures, in a line. */
  remark(text: string): void
  /** Waits; rejects when the run is given up. */
  wait(ms: number): Promise<void>
}

/** The results of a run. */
export interface Evidence {
  history: History
  rest: Rest
  size: Size
  cluster: Cluster
  /** When it was marked, in the order of the marks. */
  at(name: string): readonly number[]
  noted(name: string): readonly number[]
}

/** A client's substitute for the meeting's own hint; undefined: nothing. */
export type Hint = (room: number, client: number) => string | undefined

/** A route of one dependency through a proxy of ours. */
export interface Link {
  /** A replica (`signaling-2`) or a service. */
  who: string
  server: 'nats' | 'redis' | 'postgres'
}

/** One fault: how it is injected and undone, and which figures show that the promise was kept. */
export interface Fault {
  id: string
  title: string
  /** The promise to users, in one sentence. */
  promise: string
  /** The figures that others state, to be shown beside ours. */
  field?: string
  /** Another load than the whole one, where the fault needs it. */
  size?: Partial<Size>
  stack?: ClusterOptions
  /** Loses packets: the command runs in a network of its own, where the machine permits that. */
  losesPackets?: true
  /** Ways in for the clients; one unless told. */
  doors?: number
  links?: readonly Link[]
  /** Which node of signaling a client goes to. Unless told, half of everybody goes astray, so that rooms are spread. */
  hints?(cluster: Cluster): Promise<Hint>
  /** Where clients open their sockets, past the gateways, so that the fault chooses the node of each. */
  places?(cluster: Cluster): NodeChoice
  /** Whether people are gathered and talk while it is injected; `false`: the fault does all by itself. */
  underLoad?: false
  /** How many commands the host gives per second meanwhile, for H8; none unless told. */
  commands?: number
  /** How much memory a process may grow by, in MiB; 150 unless told. */
  growthMib?: number
  /** Injects it while the load runs; resolves when the worst is over. */
  inject(scene: Scene, links: readonly FaultProxy[]): Promise<void>
  /** Undoes it. */
  heal?(scene: Scene, links: readonly FaultProxy[]): Promise<void>
  /** The measurements. Pure, but for what it asks of the cluster. */
  figures(evidence: Evidence): Figure[]
}
