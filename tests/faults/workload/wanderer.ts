import type { Parley } from '@parley/client'
import type { Participant } from '@parley/contracts'
import type { Person } from '../history/history.ts'
import type { Frame } from '../history/recorder.ts'
import { personOf } from './attendee.ts'
import type { Meeting } from './crowd.ts'
import { RawClient } from './raw-client.ts'

type Payload = Readonly<Record<string, unknown>>

/** A raw client that goes away without a word and comes back when it is told to. It keeps what it knows of the room. */
export class Wanderer {
  readonly #parley: Parley
  readonly #url: string
  readonly #meeting: Meeting
  readonly #people = new Map<string, Participant>()
  #raw: RawClient
  #session: { sessionId: unknown; resumeToken: unknown; v: number }
  readonly id: string

  private constructor(parley: Parley, place: { url: string; meeting: Meeting }, raw: RawClient, joined: Payload) {
    this.#parley = parley
    this.#url = place.url
    this.#meeting = place.meeting
    this.#raw = raw
    const self = joined['selfParticipant'] as Participant
    this.id = self.id
    this.#session = { sessionId: joined['sessionId'], resumeToken: joined['resumeToken'], v: 0 }
    this.#take(joined)
    this.#listen()
  }

  static async join(parley: Parley, url: string, meeting: Meeting): Promise<Wanderer> {
    const { roomToken } = await parley.rest.join({ body: { code: meeting.code } })
    const raw = await RawClient.open(url, await parley.accessToken(), meeting.id)
    const { type, payload } = await raw.request('room.join', { roomToken, device: { mic: true, cam: true } })
    if (type !== 'room.joined') throw new Error(`the wanderer was answered ${type}`)
    return new Wanderer(parley, { url, meeting }, raw, payload)
  }

  get people(): Person[] {
    return [...this.#people.values()].map(personOf)
  }

  vanish(): void {
    this.#raw.socket.terminate()
  }

  /** The answer to `room.resume` on a new socket, and what it says is taken over. */
  async resume(): Promise<Frame> {
    this.#raw = await RawClient.open(this.#url, await this.#parley.accessToken(), this.#meeting.id)
    const answer = await this.#raw.request('room.resume', this.#session)
    if (answer.type === 'room.resumed') {
      const { snapshot, delta } = answer.payload
      if (snapshot) {
        this.#people.clear()
        this.#take(snapshot as Payload)
      }
      if (delta) this.#takeDelta(delta as Payload)
      this.#listen()
    }
    return answer
  }

  #take(snapshot: Payload): void {
    const everybody = [snapshot['selfParticipant'], ...(snapshot['peers'] as unknown[])] as Participant[]
    for (const person of everybody) this.#people.set(person.id, person)
    this.#session.v = snapshot['v'] as number
  }

  #takeDelta({ upserts, left, v }: Payload): void {
    for (const person of upserts as Participant[]) this.#people.set(person.id, person)
    for (const id of left as string[]) this.#people.delete(id)
    this.#session.v = v as number
  }

  /** Broadcasts that change somebody: only while the load is quiet, and applied as they come. */
  #listen(): void {
    this.#raw.onFrame = ({ type, payload = {} }) => {
      if (typeof payload['v'] === 'number' && type !== 'ping') this.#session.v = payload['v']
      if (type === 'room.delta') this.#takeDelta(payload)
      if (type === 'room.snapshot') this.#take(payload)
      const { participantId, participant } = payload
      if (type === 'participant.joined') this.#people.set((participant as Participant).id, participant as Participant)
      if (type === 'participant.left') this.#people.delete(participantId as string)
      const known = this.#people.get(participantId as string)
      if (known !== undefined && changing.has(type)) this.#people.set(known.id, { ...known, ...payload, id: known.id })
    }
  }
}

const changing: ReadonlySet<string> = new Set(['participant.updated', 'media.changed', 'hand.changed'])
