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

/**
 * Ends the pipes to a frozen node: its sockets stay open, only silence tells. Each node with pipes is asked for `/livez` twice a
 * second, and may leave one question unanswered. A node that is no longer listed may have left, and still serves its sockets. Or it does
 * nothing at all: that tells which. A listed one is given up only while another one answers: where all are slow,
 * moving clients about would make it worse, and there is nowhere to go.
 */
export function createNodeWatch({ pipes, listed, log, onAbandoned }: NodeWatchOptions): Poller {
  /** When each node is to be asked again, by the monotonic clock. */
  const askAt = new Map<string, number>()

  async function ask(node: Instance): Promise<void> {
    if (await isGone(node)) giveUp(node)
    else askAt.set(node.id, performance.now() + askEveryMs)
  }
  async function isGone(node: Instance): Promise<boolean> {
    if ((await answersInTime(node.url)) || (await answersInTime(node.url))) return false
    const others = listed().filter(({ id }) => id !== node.id)
    if (others.length === listed().length) return true
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
    for (const id of askAt.keys()) if (!nodes.some((node) => node.id === id)) askAt.delete(id)
    const due = nodes.filter(({ id }) => (askAt.get(id) ?? 0) <= performance.now())
    await Promise.all(due.map(ask))
  }, lookEveryMs)
}
