import { chatBus, signalingBus } from '@parley/contracts'
import { askAgain, request, isProblem, type Bus, type Clock, type Logger, type Metrics } from '@parley/kit'
import { startLoop, type Loop } from './loop.ts'
import {
  deleteCommand,
  leaseCommands,
  oldestCommands,
  postponeCommand,
  type Lane,
  type OutboxRow,
} from './store/outbox.ts'
import type { Db } from './tables.ts'

/** Far longer than the bus waits for an answer: a relay that died gives its commands back after this. */
const leaseMs = 10_000
const batch = 32
const everyMs = 1000
/**
 * One node of several may stand still, and still be given commands for as long as its link to the bus lives. So another one is asked before
 * the first has failed. Commands and notices have numbers or ids: they happen once.
 */
const hedge = { everyMs: 250, most: 4 }
const firstBackoffMs = 200
/** A person may be banned while the room cannot be told. They are out within 5 s after it can. */
const maxBackoffMs = 2000
/** No room lives that long without being told of by a later command or ended. */
const giveUpMs = 48 * 3_600_000

interface RelayDeps {
  db: Db
  bus: Bus
  clock: Clock
  log: Logger
  metrics: Pick<Metrics, 'readings'>
}

/**
 * Delivers the commands of the outbox to their rooms, and the notices to their chats. It repeats each until it is acknowledged, in order
 * per meeting. A chat that does not answer holds up no room.
 */
export function startRelay(deps: RelayDeps): Loop {
  deps.metrics.readings(
    'parley_meetings_outbox_lag_seconds',
    'Age of the oldest command to a room, or notice to a chat, that was not taken yet',
    'lane',
    // While the database is away there is nothing to say; that it is away is another metric.
    () => oldestCommands(deps.db).catch(() => ({})),
  )
  const lanes = [startLane(deps, 'room'), startLane(deps, 'chat')]
  return {
    wake() {
      for (const lane of lanes) lane.wake()
    },
    async stop() {
      await Promise.all(lanes.map((lane) => lane.stop()))
    },
  }
}

const startLane = (deps: RelayDeps, lane: Lane): Loop =>
  startLoop({
    name: `relay to ${lane}`,
    everyMs,
    log: deps.log,
    async run() {
      const commands = await leaseCommands(deps.db, lane, { leaseMs, limit: batch })
      const delivered = await Promise.all(commands.map((command) => deliver(deps, command)))
      return delivered.includes(true)
    },
  })

/** True when it is done with, so that the next of its meeting may be due. */
async function deliver(
  { db, bus, clock, log }: RelayDeps,
  { seq, meeting_id: meetingId, command, attempts, created_at }: OutboxRow,
): Promise<boolean> {
  try {
    await askAgain<object>(
      () =>
        command.kind === 'notice'
          ? request(bus, chatBus.system, { meetingId, ...command })
          : request(bus, signalingBus.command, { meetingId, command }),
      hedge,
    )
  } catch (error) {
    if (clock.now() - created_at.getTime() < giveUpMs) {
      // Nobody there is what a restart looks like; anything else deserves a look.
      const level = isProblem(error, 'unavailable') || isProblem(error, 'deadline-exceeded') ? 'info' : 'error'
      log[level](
        { err: error, meetingId, kind: command.kind, attempts },
        'a room or its chat did not take a command, will try again',
      )
      await postponeCommand(db, seq, backoff(attempts))
      return false
    }
    log.error(
      { err: error, meetingId, kind: command.kind, attempts },
      'a command to a room or its chat was never acknowledged',
    )
  }
  await deleteCommand(db, seq)
  return true
}

const backoff = (attempts: number): number => Math.min(maxBackoffMs, firstBackoffMs * 2 ** Math.min(attempts - 1, 10))
