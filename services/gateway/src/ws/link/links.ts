import { link as contract } from '@parley/contracts'
import { createPoller, within, type Instance, type Kv, type Logger } from '@parley/kit'
import { WebSocket } from 'ws'
import { NodeLink } from './node-link.ts'

interface LinksOptions {
  kv: Pick<Kv, 'get'>
  /** The nodes whose lease is good. */
  listed(): readonly Instance[]
  log: Logger
  /** The node wants its sessions moved. */
  onDraining(link: NodeLink): void
  /** A node that was linked does not answer, or its process is gone. */
  onDead(node: Instance, why: 'frozen' | 'gone'): void
}

export interface Links {
  /** The link to a node; null where there is none now. Waits for one that is being made. */
  to(node: Instance): Promise<NodeLink | null>
  count(): number
  start(): void
  stop(): void
}

const dialEveryMs = 250
const dialMs = 1_000
const againAfterMs = 1_000
/** Silence after which a node counts as frozen while another one is heard; a live one is heard every 300 ms. */
const frozenAfterMs = 1_000
/** The same while nothing else is heard: there is nowhere to go, and an overloaded cluster is not to be stirred. */
const deadAfterMs = 10_000
/** A look that comes this late says that this process stood still itself. */
const lateMs = 250

interface Dialling {
  made: Promise<NodeLink | null>
  /** When it may be tried again if it fails, by the monotonic clock. */
  againAt: number
}

/** One link to each signaling node that offers one. */
export function createLinks(options: LinksOptions): Links {
  const links = new Map<string, NodeLink>()
  const dialled = new Map<string, Dialling>()
  const keys = new Map<string, string>()
  let lookedAt = performance.now()
  let watch: NodeJS.Timeout | undefined

  const poller = createPoller(async () => {
    const nodes = options.listed()
    for (const id of dialled.keys()) if (!nodes.some((node) => node.id === id)) forget(id)
    await Promise.all(nodes.map(ensure))
  }, dialEveryMs)

  function forget(id: string): void {
    dialled.delete(id)
    keys.delete(id)
    // One that has left still serves the sessions that it has.
    const link = links.get(id)
    if (link?.size !== 0) return
    links.delete(id)
    link.end()
  }
  function ensure(node: Instance): Promise<NodeLink | null> {
    const link = links.get(node.id)
    if (link) return Promise.resolve(link)
    const last = dialled.get(node.id)
    if (last && performance.now() < last.againAt) return last.made
    const made = dial(node).catch((err: unknown) => {
      options.log.warn({ err, node: node.id }, 'no link to a signaling node')
      return null
    })
    dialled.set(node.id, { made, againAt: performance.now() + againAfterMs })
    return made
  }
  async function dial(node: Instance): Promise<NodeLink | null> {
    const key = (await options.kv.get(contract.keyOf(node.id)).catch(() => null)) ?? keys.get(node.id)
    if (key === undefined) return null
    keys.set(node.id, key)
    const ws = new WebSocket(`${node.url.replace(/^http/, 'ws')}${contract.path}`, contract.subprotocol, {
      headers: { authorization: `Bearer ${key}` },
      handshakeTimeout: dialMs,
      perMessageDeflate: false,
      maxPayload: 2 * contract.maxMessageBytes.toGateway,
    })
    ws.on('error', (err) => options.log.debug({ err, node: node.id }, 'a link failed'))
    await within(opened(ws), dialMs).catch((error: unknown) => {
      ws.terminate()
      throw error
    })
    const link = new NodeLink(node, ws, options)
    links.set(node.id, link)
    ws.on('close', () => {
      if (links.get(node.id) !== link) return
      links.delete(node.id)
      options.onDead(node, 'gone')
    })
    return link
  }

  /** Asks every node for a sign of life, and gives up those that owe one. */
  function look(): void {
    const now = performance.now()
    const late = now - lookedAt - contract.askEveryMs
    lookedAt = now
    for (const link of links.values()) {
      // Records that came meanwhile are read after this.
      if (late > lateMs) link.heardAt += late
      link.ask()
    }
    for (const link of links.values()) if (isFrozen(link, now)) giveUp(link)
  }
  function isFrozen(link: NodeLink, now: number): boolean {
    const silentMs = now - link.heardAt
    if (silentMs <= frozenAfterMs) return false
    const others = [...links.values()].filter((other) => other !== link)
    return silentMs > deadAfterMs || others.some((other) => now - other.heardAt <= frozenAfterMs)
  }
  function giveUp(link: NodeLink): void {
    options.log.warn({ node: link.node.id, sessions: link.size }, 'a signaling node does not answer')
    links.delete(link.node.id)
    dialled.set(link.node.id, { made: Promise.resolve(null), againAt: performance.now() + againAfterMs })
    options.onDead(link.node, 'frozen')
    link.end()
  }
  return {
    async to(node) {
      const link = await ensure(node)
      return link?.up === true && !link.draining ? link : null
    },
    count: () => links.size,
    start() {
      lookedAt = performance.now()
      watch = setInterval(look, contract.askEveryMs)
      void poller.start()
    },
    stop() {
      clearInterval(watch)
      poller.stop()
      for (const link of links.values()) link.end()
    },
  }
}

const opened = (ws: WebSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    ws.once('open', () => resolve())
    ws.once('close', () => reject(new Error('the node closed it')))
  })
