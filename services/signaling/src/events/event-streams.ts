import { eventsOperations } from '@parley/contracts'
import {
  serveOperations,
  type Bus,
  type Clock,
  type EdgeAuth,
  type HttpServer,
  type Kv,
  type Logger,
  type Metrics,
} from '@parley/kit'
import type { RoomRegistry } from '../room/registry.ts'
import { Channels } from './channels.ts'
import { eventsHandlers } from './routes.ts'
import { Streams } from './streams.ts'

export interface EventStreamsDeps {
  bus: Bus
  kv: Kv
  clock: Clock
  log: Logger
  metrics: Metrics
  auth: EdgeAuth
  rooms: RoomRegistry
  maxStreams: number
}

export interface EventStreams {
  serve(app: HttpServer): void
  start(): void
  /** How many are open. */
  readonly size: number
  /** Ends all within `overMs`, spread over it, and takes no new ones. */
  drain(overMs: number): void
  /** Takes new ones again. */
  undrain(): void
  /** After the drain: what is still open ends now. */
  stop(): void
}

/** Server-sent events of meetings and of accounts (R12). */
export function createEventStreams({ metrics, auth, maxStreams, ...deps }: EventStreamsDeps): EventStreams {
  const { bus, kv, clock, log, rooms } = deps
  const streams = new Streams({ clock, auth, max: maxStreams })
  const channels = new Channels(deps)
  rooms.watchedBy(channels)
  metrics.reading('parley_signaling_streams', 'Open event streams', () => streams.size)
  return {
    serve: (app) =>
      serveOperations(app, eventsOperations, eventsHandlers({ bus, log, streams, channels }), {
        authenticate: auth.authenticate,
        kv,
      }),
    start() {
      streams.start()
      channels.start()
    },
    get size() {
      return streams.size
    },
    drain: (overMs) => streams.drain(overMs),
    undrain: () => streams.undrain(),
    stop() {
      streams.endAll()
      streams.stop()
      channels.stop()
    },
  }
}
