import type { TimelineNote } from '@parley/contracts'
import { publicBase, type Bus, type Clock, type Kv, type Logger } from '@parley/kit'
import type { KeyedQueues } from './changing.ts'
import type { MeetingsConfig } from './config.ts'
import type { AddressBook } from './invites/address-book.ts'
import { baseAt, type Base } from './links.ts'
import type { Names } from './names.ts'
import type { MeetingRow, Db } from './tables.ts'

/** The dependencies of every part of this service. */
export interface Context {
  config: Readonly<MeetingsConfig>
  db: Db
  queues: KeyedQueues
  kv: Pick<Kv, 'limiter' | 'distinct' | 'facts' | 'alive' | 'expired'>
  bus: Bus
  clock: Clock
  log: Logger
  /** Delivers what has been written to the outbox; called after the commit. */
  wakeRelay(): void
  /** Tells the nodes of a room that its lobby has changed; called after the commit. A hint, may be lost. */
  tellLobby(meetingId: string, lv: number): void
  /** Sends the mails that have been put into their outbox; called after the commit. */
  wakeMail(): void
  /** Tells event streams of what was written down for them; called after the commit. */
  wakeTeller(): void
  /** Notes something for the timeline of a meeting; it is written down a little later. */
  note(note: TimelineNote): void
  /** Sends what is due to webhooks; called after the commit. */
  wakeWebhooks(): void
  addressOf: AddressBook
  names: Names
}

export const now = ({ clock }: Pick<Context, 'clock'>): Date => new Date(clock.now())

/** The base of links in what is told over the bus, where no request says how the gateway was reached. */
export const roomBase = ({ config }: Pick<Context, 'config'>, meeting: MeetingRow): Base =>
  baseAt(config.PUBLIC_URL ?? meeting.public_base, config)

/** The base of links in the answer to a request. */
export const baseOf = ({ config }: Pick<Context, 'config'>, request: Parameters<typeof publicBase>[1]): Base =>
  baseAt(publicBase(config.PUBLIC_URL, request), config)
