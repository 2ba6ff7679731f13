import Type, { type Static } from 'typebox'
import { compile } from './http/faults.ts'
import type { Kv } from './kv/kv.ts'
import type { Logger } from './logger.ts'
import { createPoller, type Poller } from './poller.ts'

const NodeCard = Type.Object({
  /** The service, or `janus`. */
  kind: Type.String(),
  id: Type.String(),
  url: Type.String(),
  /** An operator has taken it out of service: it takes nothing new, and moves what it has. */
  draining: Type.Boolean(),
  /** The work it has now by name, such as `sessions` and `rooms`. */
  load: Type.Record(Type.String(), Type.Number()),
})
/** The state that a process, or a Janus, shows to operators. */
export type NodeCard = Static<typeof NodeCard>

export interface SteeredNode {
  kind: string
  id: string
  log: Logger
  card(): Promise<Pick<NodeCard, 'url' | 'draining' | 'load'>> | Pick<NodeCard, 'url' | 'draining' | 'load'>
  /** Carries out an order that differs from the state on the card. */
  obey(draining: boolean): Promise<void>
}

const pollEveryMs = 2_000
const cardTtlMs = 6_000
/** An order is read within 2 s. It outlives a short outage of the store, and then goes. */
const orderTtlMs = 60_000

const setOf = (kind: string): string => `nodes:${kind}`
const cardOf = (kind: string, id: string): string => `node:${kind}:${id}`
const orderOf = (kind: string, id: string): string => `node-order:${kind}:${id}`

/**
 * Shows operators a node, and carries out their orders to drain it or to put it back. Both go through the store. Only what is inside can
 * write there. A node that has no order stays as it is, so that a store that lost its data changes nothing.
 */
export function steerNode(kv: Pick<Kv, 'get' | 'set' | 'announce'>, node: SteeredNode): Poller {
  const { kind, id, log } = node
  async function look(): Promise<void> {
    const order = await kv.get(orderOf(kind, id))
    const { draining } = await node.card()
    if (order !== null && (order === 'drain') !== draining) {
      log.info({ kind, node: id, order }, 'an operator gave an order')
      await node
        .obey(order === 'drain')
        .catch((err: unknown) =>
          log.error({ err, kind, node: id, order }, 'an order of an operator was not carried out'),
        )
    }
    const card: NodeCard = { kind, id, ...(await node.card()) }
    await kv.set(cardOf(kind, id), JSON.stringify(card), cardTtlMs)
    await kv.announce(setOf(kind), id, cardTtlMs)
  }
  return createPoller(
    () => look().catch((err: unknown) => log.debug({ err, kind, node: id }, 'operators do not see this node now')),
    pollEveryMs,
  )
}

/** The nodes of these kinds, those that drain included, each in the state of at most 6 s ago. */
export async function listNodes(kv: Pick<Kv, 'alive' | 'get'>, kinds: readonly string[]): Promise<NodeCard[]> {
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const ids = (await kv.alive(setOf(kind))).toSorted()
      return Promise.all(ids.map((id) => kv.get(cardOf(kind, id))))
    }),
  )
  return found.flat().flatMap(cardIn)
}

/** Orders a node to drain, or to serve again; it reads that within 2 s. */
export const orderNode = (
  kv: Pick<Kv, 'set'>,
  { kind, id }: Pick<NodeCard, 'kind' | 'id'>,
  order: 'drain' | 'serve',
): Promise<void> => kv.set(orderOf(kind, id), order, orderTtlMs)

const faultsOf = compile(NodeCard)

function cardIn(text: string | null): NodeCard[] {
  if (text === null) return []
  try {
    const value: unknown = JSON.parse(text)
    return faultsOf(value).length === 0 ? [value as NodeCard] : []
  } catch {
    return []
  }
}
