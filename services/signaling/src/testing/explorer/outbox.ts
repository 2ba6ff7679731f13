import { signalingBus, type RoomCommand } from '@parley/contracts'
import { request } from '@parley/kit'
import type { Actor, Loop } from './loop.ts'
import type { BusLink } from './net.ts'

export interface AppliedCommand {
  seq: number
  command: RoomCommand
}
interface Row extends AppliedCommand {
  leased: boolean
  attempts: number
}

const firstBackoffMs = 200
const maxBackoffMs = 5_000

/** The commands of one meeting to its room, numbered, each told again until it is acknowledged: as in meetings. */
export class Outbox {
  #rows: Row[] = []
  #seq = 0
  #running = false
  readonly #deps: { loop: Loop; actor: Actor; bus: BusLink; meetingId: string }

  constructor(deps: { loop: Loop; actor: Actor; bus: BusLink; meetingId: string }) {
    this.#deps = deps
  }

  /** The number of the newest command. */
  get seq(): number {
    return this.#seq
  }

  get waiting(): readonly AppliedCommand[] {
    return this.#rows
  }

  /** Takes the place of those that it makes idle. */
  add(command: RoomCommand): number {
    this.#rows = this.#rows.filter((row) => row.leased || !makesIdle(command, row.command))
    this.#seq += 1
    this.#rows.push({ seq: this.#seq, command: { ...command, seq: this.#seq }, leased: false, attempts: 0 })
    this.wake()
    return this.#seq
  }

  wake(): void {
    const { actor, loop } = this.#deps
    if (this.#running) return
    this.#running = true
    loop.after(1, actor, () => void this.#deliver())
  }

  /** A relay that stood still asks what it was about to ask, however late. */
  tellLate({ command }: AppliedCommand): void {
    request(this.#deps.bus, signalingBus.command, { meetingId: this.#deps.meetingId, command }).catch(() => {})
  }

  async #deliver(): Promise<void> {
    const { actor, bus, loop, meetingId } = this.#deps
    const [row] = this.#rows
    if (!row) return void (this.#running = false)
    row.leased = true
    row.attempts += 1
    let waitMs = 1
    try {
      await request(bus, signalingBus.command, { meetingId, command: row.command })
      this.#rows.splice(this.#rows.indexOf(row), 1)
    } catch {
      row.leased = false
      waitMs = Math.min(maxBackoffMs, firstBackoffMs * 2 ** Math.min(row.attempts - 1, 10))
    }
    loop.after(waitMs, actor, () => void this.#deliver())
  }
}

function makesIdle(command: RoomCommand, earlier: RoomCommand): boolean {
  if (command.kind === 'end') return true
  if (command.kind !== earlier.kind) return false
  return !('userId' in command) || ('userId' in earlier && earlier.userId === command.userId)
}
