import { createParley, type Parley, type ParleyOptions, type Room } from '@parley/client'
import type { Meeting, Message, Participant } from '@parley/contracts'
import { now, type Person, type StoredMessage, type Send, type View } from '../history/history.ts'
import type { Recorder } from '../history/recorder.ts'
import { recordedSockets, type RecordedSockets } from './recording-socket.ts'

export interface AttendeeOptions {
  name: string
  /** Number in the room, from 0. */
  seat: number
  /** Of the gateway, or of what stands before it. */
  url: string
  recorder: Recorder
  /** As its address, for limits that count by address. */
  address?: string
  hint?: () => string | undefined
  /** The account that signs in; a guest unless given. */
  account?: { email: string; password: string }
}

/** The switchable devices, and whether the server has agreed to the last change. */
interface Switch {
  on: boolean
  sure: boolean
  /** When it was last changed. */
  at: number
}
export type SwitchName = 'mic' | 'cam' | 'hand'

/** Somebody in a meeting through the SDK; what they do and see is recorded. */
export class Attendee {
  readonly name: string
  readonly seat: number
  readonly sockets: RecordedSockets
  readonly parley: Parley
  readonly switches: Record<SwitchName, Switch> = {
    mic: { on: true, sure: true, at: 0 },
    cam: { on: true, sure: true, at: 0 },
    hand: { on: false, sure: true, at: 0 },
  }
  readonly #recorder: Recorder
  readonly #options: ParleyOptions
  readonly #account: AttendeeOptions['account']
  #room: Room | null = null
  #userId = ''
  #since = 0
  #busy = false
  #signalsTo = new Map<string, number>()

  constructor({ name, seat, url, recorder, address, hint, account }: AttendeeOptions) {
    this.name = name
    this.seat = seat
    this.#recorder = recorder
    this.#account = account
    this.sockets = recordedSockets({ client: name, recorder, ...(hint && { hint }) })
    const fetch = recordedFetch(name, recorder, address)
    this.#options = { url, tokenDelivery: 'body', fetch, onWarning: () => undefined }
    this.parley = createParley({ ...this.#options, WebSocket: this.sockets.WebSocket })
  }

  get room(): Room {
    if (this.#room === null) throw new Error(`${this.name} is in no room`)
    return this.#room
  }
  get meetingId(): string {
    return this.room.state.get().meeting.id
  }
  get participantId(): string {
    return this.room.state.get().self.id
  }
  get userId(): string {
    return this.#userId
  }
  get status(): string {
    return this.#room?.state.get().status.state ?? 'outside'
  }
  get isBusy(): boolean {
    return this.#busy
  }

  /** Signs in and joins. `meetingId` is where that leads, for what is heard before the answer. */
  async join(code: string, meetingId: string): Promise<void> {
    const { parley } = this
    const user = await (this.#account ? parley.signIn(this.#account) : parley.signInAsGuest({ name: this.name }))
    this.#userId = user.id
    this.#recorder.belongs(user.id, meetingId)
    const room = await this.parley.join({ code, device: { mic: true, cam: true } })
    this.#room = room
    this.#since = this.#recorder.chatSeqOf(this.name)
    room.on('message', (message) => this.#recorder.showed(this.name, seenOf(message)))
    let status = ''
    const follow = () => {
      const { state } = room.state.get().status
      if (state === status) return
      status = state
      this.#recorder.statuses.push({ client: this.name, at: now(), state })
    }
    follow()
    room.state.subscribe(follow)
  }

  /** Sends `text`, which is unique, and records what became of it. */
  async say(text: string): Promise<void> {
    const send: Send = { text, client: this.name, room: this.meetingId, at: now(), outcome: { is: 'open' } }
    this.#recorder.sends.push(send)
    const message = await this.room.sendMessage(text).catch(() => null)
    send.outcome =
      message === null ? { is: 'refused', at: now() } : { is: 'accepted', at: now(), seq: message.seq, id: message.id }
  }

  /** Switches something over; nothing while an earlier change is under way. False when the server did not agree. */
  async toggle(what: SwitchName, on = !this.switches[what].on): Promise<boolean> {
    if (this.#busy) return false
    this.#busy = true
    this.switches[what] = { on, sure: false, at: now() }
    try {
      if (what === 'mic') await this.room.setMic(on)
      else if (what === 'cam') await this.room.setCam(on)
      else await (on ? this.room.raiseHand() : this.room.lowerHand())
      this.switches[what].sure = true
      return true
    } catch {
      return false
    } finally {
      this.#busy = false
    }
  }

  /** A signal to a peer, with its number; not while there is no socket. */
  signal(to: Attendee): void {
    const n = (this.#signalsTo.get(to.name) ?? 0) + 1
    const data = { from: this.name, to: to.name, n, filler: 'x'.repeat(200) }
    if (this.sockets.inject('rtc.signal', { to: to.participantId, data })) this.#signalsTo.set(to.name, n)
  }

  /** The state of this attendee that everybody should see. */
  get truth(): Person {
    const { mic, cam, hand } = this.switches
    return { participantId: this.participantId, mic: mic.on, cam: cam.on, hand: hand.on, connected: true }
  }

  get view(): View {
    const { meeting, self, peers, v, messages } = this.room.state.get()
    const mine = messages.filter(({ seq }) => seq > this.#since)
    const seen = seenIn({ meeting, v }, [self, ...peers])
    return { client: this.name, ...seen, messages: mine.map(seenOf), since: this.#since }
  }

  /** Number of the newest message that this one has. */
  get newest(): number {
    return Math.max(this.#since, this.room.state.get().messages.at(-1)?.seq ?? 0)
  }

  /** The server's view for this attendee when asked anew. */
  async serverView(): Promise<View | null> {
    const snapshot = await this.room.snapshot()
    if (snapshot === null) return null
    const { selfParticipant, peers } = snapshot
    const since = Number.MAX_SAFE_INTEGER
    const client = `server (asked by ${this.name})`
    return { client, ...seenIn(snapshot, [selfParticipant, ...peers]), messages: [], since }
  }

  /** Another guest who comes from the same address, signed in and nowhere yet; closed by whoever asked. */
  async sibling(name: string): Promise<Parley> {
    const parley = createParley({ ...this.#options, WebSocket: this.sockets.WebSocket })
    await parley.signInAsGuest({ name })
    return parley
  }

  /** Says goodbye and is gone; also when nobody answers that. */
  async leave(): Promise<void> {
    this.#recorder.leaving.add(this.participantId)
    await this.room.leave().catch(() => undefined)
    this.#recorder.left(this.name)
    this.vanish()
  }

  /** Ends without a goodbye. */
  vanish(): void {
    for (const socket of this.sockets.open) socket.terminate()
    this.parley.close()
  }
}

export const personOf = (one: {
  id: string
  mic: boolean
  cam: boolean
  hand: number | null
  connection: string
}): Person => ({
  participantId: one.id,
  mic: one.mic,
  cam: one.cam,
  hand: one.hand !== null,
  connected: one.connection === 'connected',
})

/** The room at one version, as somebody has it. */
function seenIn({ meeting, v }: { meeting: Meeting; v: number }, people: readonly Participant[]) {
  const ordered = people.toSorted((one, other) => one.id.localeCompare(other.id))
  const { id: room, title, settings } = meeting
  return {
    room,
    v,
    people: people.map(personOf),
    members: people.map(({ id: participantId, userId, role }) => ({ participantId, userId, role })),
    meeting: { title, settings },
    contents: textOf([meeting, ...ordered]),
  }
}

/** JSON whose fields are in the order of their names: the same for the same contents. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([one], [other]) => one.localeCompare(other)))
      : part,
  )

/** A message that no person wrote has no text of its own. */
export const seenOf = ({ id, seq, type, text = '' }: Pick<Message, 'id' | 'seq' | 'type' | 'text'>): StoredMessage => ({
  id,
  seq,
  text: type === 'text' ? text : `${type} ${id}`,
})

const recordedFetch =
  (client: string, recorder: Recorder, address?: string): typeof fetch =>
  async (input, init) => {
    const at = now()
    const url = input instanceof Request ? input.url : String(input)
    const headers = new Headers(init?.headers)
    if (address !== undefined) headers.set('x-forwarded-for', address)
    const done = (status: number) => {
      const route = `${init?.method ?? 'GET'} ${new URL(url).pathname.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ':id')}`
      recorder.http.push({ client, route, status, at, ms: now() - at })
    }
    try {
      const response = await fetch(input, { ...init, headers })
      done(response.status)
      return response
    } catch (error) {
      done(0)
      throw error
    }
  }
