import { signalingBus, type Relay } from '@parley/contracts'
import { respond, request, at, subscribe, type Bus, type BusSubscription, type Clock, type Logger } from '@parley/kit'
import { IncomingRelays } from './incoming.ts'
import { OutgoingRelays } from './outgoing.ts'

interface Options {
  node: string
  bus: Bus
  clock: Clock
  log: Logger
}

export interface RelayReceiver {
  /** Called for each relay to this node, in the order of each sender, and once. */
  deliver(relay: Relay): void
  /** Some relays of that node will not come any more. */
  lost(node: string): void
}

const tickMs = 500

/**
 * Messages from participants on one node to one on another. The bus loses what is under way when it goes down: in order,
 * once, and without a loss as long as both nodes live and what they keep lasts. In the good case a relay costs one publish.
 */
export class Relays {
  readonly #options: Options
  readonly #outgoing: OutgoingRelays
  #incoming: IncomingRelays | null = null
  #subscriptions: BusSubscription[] = []
  #timer: NodeJS.Timeout | undefined
  #offStatus = () => {}

  constructor(options: Options) {
    this.#options = options
    this.#outgoing = new OutgoingRelays(options)
  }

  /** How many relays are kept for the node that missed the most, and how many wait here for missing ones. */
  get waiting(): { kept: number; held: number } {
    return { kept: this.#outgoing.kept, held: this.#incoming?.held ?? 0 }
  }

  /** Sends `relay` to the node `to`; while the bus is down, once it is back. */
  pass(to: string, relay: Relay): void {
    this.#outgoing.pass(to, relay)
  }

  start(receiver: RelayReceiver): void {
    const { bus, clock, log, node } = this.#options
    const incoming = new IncomingRelays({
      clock,
      log,
      connected: () => bus.connected(),
      ask: (from, after) => request(bus, at(signalingBus.relayAgain, { node: from }), { to: node, after }),
      ...receiver,
    })
    this.#incoming = incoming
    this.#subscriptions = [
      subscribe(bus, signalingBus.relay, { node }, (relay) => incoming.take(relay), log),
      subscribe(bus, signalingBus.relayHead, { node }, (place) => incoming.hear(place), log),
      respond(
        bus,
        at(signalingBus.relayAgain, { node }),
        node,
        async ({ to, after }) => this.#outgoing.again(to, after),
        log,
      ),
    ]
    this.#timer = setInterval(() => this.#outgoing.tick(), tickMs)
    this.#offStatus = bus.onStatus((connected) => {
      if (!connected) return
      this.#outgoing.busIsBack()
      incoming.busIsBack()
    })
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#offStatus()
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
  }
}
