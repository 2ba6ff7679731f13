import { createPoller, type Instance, type Logger, type Poller } from '@parley/kit'
import type { Pipes } from './pipes.ts'
import { answersInTime } from './probe.ts'

export interface NodeWatchOptions {
  pipes: Pick<Pipes, 'nodes' | 'abandon'>
  /** The nodes whose lease is good. */
  listed(): readonly Instance[]
  log: Logger
  onAbandoned(node: Instance, pipes: number): void
}

const lookEveryMs = 250
/** A node that answered is asked again after this long. */
const askEveryMs = 500
/** How many questions in a row a node may leave unanswered; one that is not listed any more has had its chances. */
const missesOfListed = 2

interface Watched {
  askAt: number
  misses: number
}

/**
 * Ends the pipes to a frozen node: its sockets stay open, only silence tells. Each node with pipes is asked for `/livez` twice a
 * second. One that is not listed any more has either left, and still serves the sockets it has, or does nothing at all: one
 * answer that does not come tells which. A listed one is given up only when it is silent for two seconds while another one
 * answers: where all are slow, moving clients about would make it worse, and there is nowhere to go.
 */
export function createNodeWatch({ pipes, listed, log, onAbandoned }: NodeWatchOptions): Poller {
  const watched = new Map<string, Watched>()

  async function ask(node: Instance, state: Watched): Promise<void> {
    const answered = await answersInTime(node.url)
    state.askAt = answered ? Date.now() + askEveryMs : 0
    state.misses = answered ? 0 : state.misses + 1
    if (!answered && (await isGivenUp(node, state.misses))) giveUp(node)
  }
  async function isGivenUp(node: Instance, misses: number): Promise<boolean> {
    const others = listed().filter(({ id }) => id !== node.id)
    if (others.length === listed().length) return true
    if (misses < missesOfListed) return false
    const answers = await Promise.all(others.map(({ url }) => answersInTime(url)))
    return answers.includes(true)
  }
  function giveUp(node: Instance): void {
    const count = pipes.abandon(node.id)
    log.warn({ node: node.id, pipes: count }, 'a signaling node does not answer; its clients go on elsewhere')
    onAbandoned(node, count)
  }
  return createPoller(async () => {
    const nodes = pipes.nodes()
    for (const id of watched.keys()) if (!nodes.some((node) => node.id === id)) watched.delete(id)
    const now = Date.now()
    const due = nodes.flatMap((node) => {
      const state = watched.get(node.id) ?? { askAt: 0, misses: 0 }
      watched.set(node.id, state)
      return state.askAt <= now ? [ask(node, state)] : []
    })
    await Promise.all(due)
  }, lookEveryMs)
}
