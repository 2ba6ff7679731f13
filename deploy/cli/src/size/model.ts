import small from './measured-2.json' with { type: 'json' }
import large from './measured-8.json' with { type: 'json' }

/** The costs that `npm run bench -- sizing` measured. CPU is in µs, per second or for each thing; memory in MiB. */
export interface Measured {
  meetings: number
  people: number
  empty: Figures
  full: Figures
  base: Figures
  idle: Figures
  join: { micros: Figures }
  chat: { micros: Figures }
  change: { micros: Figures }
  mixed: Figures
}
type Figures = Record<string, number>

/** The question: so many meetings at one time, and what each person does. */
export interface Workload {
  meetings: number
  people: number
  chatPerMinute: number
  changesPerMinute: number
  /** How long somebody stays. */
  minutes: number
  /** Of the joins, that begin with a password. */
  loginShare: number
}

export interface Need {
  name: string
  /** Cores of one kind that is as fast as the machine of the measurement. */
  cores: number
  memoryMiB: number
}

/** bcrypt of cost 12, on the same machine. */
const loginMicros = 207_000
const perMinute = 1 / 60
/** One process of Node.js uses one core; above this share of it answers are late. */
const usableCore = 0.6

/** The need of each kind of process in all: what goes on anyway, and each thing as often as it happens. */
export function needsOf(workload: Workload): Need[] {
  const { meetings, people } = workload
  const everybody = meetings * people
  const joinsPerSecond = everybody / (workload.minutes * 60)
  const names = Object.keys(large.base) as (keyof typeof large.base)[]
  return names.map((name) => {
    const idlePerSocket = (large.idle[name] - large.base[name]) / (large.meetings * large.people)
    const micros =
      large.base[name] +
      Math.max(0, idlePerSocket) * everybody +
      joinsPerSecond * at(people, small.join.micros[name], large.join.micros[name]) +
      everybody * workload.chatPerMinute * perMinute * at(people, small.chat.micros[name], large.chat.micros[name]) +
      everybody *
        workload.changesPerMinute *
        perMinute *
        at(people, small.change.micros[name], large.change.micros[name]) +
      (name === 'auth' ? joinsPerSecond * workload.loginShare * loginMicros : 0)
    const perSocket = Math.max(0, large.full[name] - large.empty[name]) / (large.meetings * large.people)
    return { name, cores: micros / 1_000_000, memoryMiB: large.empty[name] + perSocket * everybody }
  })
}

/** A cost that grows with the people of a room, known for small and large ones. */
function at(people: number, forSmall: number, forLarge: number): number {
  const each = (forLarge - forSmall) / (large.people - small.people)
  return Math.max(0, forSmall + each * (people - small.people))
}

/** How many processes of a kind that is ours. */
export const processesFor = ({ cores }: Need): number => Math.max(1, Math.ceil(cores / usableCore))
