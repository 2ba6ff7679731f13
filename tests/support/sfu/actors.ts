import type { Meeting, Sfu } from '@parley/contracts'
import type { Account } from '../accounts.ts'
import { takeSeat, type Seated } from '../protocol-socket.ts'
import { colourClip, toneClip, type Clip } from './clips.ts'
import { Publisher } from './publisher.ts'

/** How somebody looks and sounds. */
export interface Looks {
  cam: Clip
  mic: Clip
}

export const looksOf = (colour: string, hz: number): Looks => ({ cam: colourClip(colour), mic: toneClip(hz) })

/** Somebody in a meeting of the SFU who sends a colour and a tone; moves with the room as an SDK would. */
export class Actor {
  readonly seat: Seated
  readonly #looks: Looks
  #publisher: Publisher | null = null
  #heard = 0
  #timer: NodeJS.Timeout | undefined
  #room = ''
  #moving = Promise.resolve()

  private constructor(seat: Seated, looks: Looks) {
    this.seat = seat
    this.#looks = looks
  }

  /** Publishes once the meeting is one of the SFU. */
  static async sit(gateway: string, who: Account, meeting: Meeting, looks: Looks): Promise<Actor> {
    const actor = new Actor(await takeSeat(gateway, who, meeting), looks)
    actor.#timer = setInterval(() => actor.#follow(), 100)
    return actor
  }

  /** As a person mutes: in the room, and nothing is sent. */
  async setMic(on: boolean): Promise<void> {
    if (this.#publisher) this.#publisher.mic.on = on
    await this.seat.socket.ask('media.update', { mic: on })
  }

  async setCam(on: boolean): Promise<void> {
    if (this.#publisher) this.#publisher.cam.on = on
    await this.seat.socket.ask('media.update', { cam: on })
  }

  async leave(): Promise<void> {
    clearInterval(this.#timer)
    await this.#moving
    await this.#publisher?.close()
    this.seat.socket.drop()
  }

  #follow(): void {
    const news = this.seat.socket.all.slice(this.#heard).filter(({ type }) => type === 'sfu.changed')
    this.#heard = this.seat.socket.all.length
    const sfu = news.at(-1)?.payload['sfu'] as Sfu | undefined
    if (sfu === undefined || sfu.room === this.#room) return
    this.#moving = this.#moving.then(() => this.#publish(sfu)).catch(() => this.#again(sfu))
  }

  #again(sfu: Sfu): void {
    if (this.#room === sfu.room) this.#room = ''
  }

  async #publish(sfu: Sfu): Promise<void> {
    this.#room = sfu.room
    await this.#publisher?.close()
    this.#publisher = await Publisher.publish(sfu, this.seat.who.token, this.#looks)
  }
}
