import type { RoomChange, RoomEvent } from '@parley/contracts'
import type { Clock, Kv, Logger } from '@parley/kit'
import type { LiveRoom } from './live-room.ts'
import type { StoreLife } from './store-life.ts'

/** The dependencies of a room on this node. */
export interface RoomDeps {
  node: string
  kv: Pick<Kv, 'docs'>
  clock: Clock
  life: StoreLife
  log: Logger
  /** Tells the other nodes of this room; lost when the bus is down, which they notice by the version. */
  publish(news: RoomEvent): void
  onDelivered(count: number): void
  /** After changes were taken on: what concerns others than those in the room. None: it was read, and is another. */
  onChanges(room: LiveRoom, changes: readonly RoomChange[]): void
}
