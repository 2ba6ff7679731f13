import { randomBytes, timingSafeEqual } from 'node:crypto'
import { link as contract } from '@parley/contracts'
import { createPoller, ProblemError, type Clock, type HttpServer, type Kv, type Logger } from '@parley/kit'
import type { WebSocket } from 'ws'
import { Link, type LinkHost } from './link.ts'

interface LinksDeps {
  /** The name by which gateways find this node in the directory. */
  instanceId: string
  kv: Pick<Kv, 'set'>
  clock: Clock
  log: Logger
  host: LinkHost
}

const tellKeyEveryMs = 5_000
const keyTtlMs = 60_000
const checkEveryMs = 1_000

/** The links of all gateways to this node. Only a process that can read the store finds the key to open one. */
export class Links {
  readonly #deps: LinksDeps
  readonly #key = randomBytes(32).toString('base64url')
  readonly #links = new Set<Link>()
  readonly #teller
  #timer: NodeJS.Timeout | undefined
  #told = true
  #draining = false

  constructor(deps: LinksDeps) {
    this.#deps = deps
    this.#teller = createPoller(() => this.#tellKey(), tellKeyEveryMs)
  }

  /** How many gateways have a link. */
  get size(): number {
    return this.#links.size
  }

  serve(app: HttpServer): void {
    app.route({
      method: 'GET',
      url: contract.path,
      preValidation: async ({ headers }) => this.#checkOrThrow(headers.authorization),
      handler: () => Promise.reject(new ProblemError('not-found')),
      wsHandler: (ws) => this.#open(ws),
    })
  }

  /** Resolves when it was tried to tell the key. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => this.#check(), checkEveryMs)
    await this.#teller.start()
  }

  drain(): void {
    this.#draining = true
    for (const link of this.#links) link.drain()
  }

  /** Takes sessions again. */
  undrain(): void {
    this.#draining = false
    for (const link of this.#links) link.undrain()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#teller.stop()
    for (const link of this.#links) link.end()
  }

  #checkOrThrow(authorization = ''): void {
    const expected = Buffer.from(`Bearer ${this.#key}`)
    const given = Buffer.from(authorization)
    // As if it were not there, for whoever has no business here.
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new ProblemError('not-found')
  }

  #open(ws: WebSocket): void {
    const { host } = this.#deps
    const link = new Link(ws, host)
    this.#links.add(link)
    ws.on('close', () => this.#links.delete(link))
    if (this.#draining) link.drain()
  }

  #check(): void {
    const now = this.#deps.clock.monotonic()
    for (const link of this.#links) link.check(now)
  }

  async #tellKey(): Promise<void> {
    const { instanceId, kv, log } = this.#deps
    try {
      await kv.set(contract.keyOf(instanceId), this.#key, keyTtlMs)
      this.#told = true
    } catch (err) {
      if (this.#told) log.warn({ err }, 'the key of the link cannot be told; gateways use the one they know')
      this.#told = false
    }
  }
}
