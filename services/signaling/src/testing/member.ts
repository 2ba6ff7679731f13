import type { Meeting, ServerMessage } from '@parley/contracts'
import { newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { protocolFold } from './histories/fold.ts'
import { WireClient, type NodeAddress, type WireMessage } from './wire-client.ts'

const answerWithinMs = 10_000
type View = ReturnType<typeof protocolFold.from>

/** Somebody in a meeting who keeps a view of it from what is sent, across sockets; never asks what was missed. */
export class Member {
  readonly id: string
  readonly #token: string
  readonly #sessionId: string
  #client: WireClient
  #resumeToken: string
  #view: View
  /** How much of what the socket received is in the view. */
  #read = 0
  #dropped = false
  /** Versions that were skipped without a delta or a snapshot to make up for it. */
  readonly gaps: string[] = []

  constructor(client: WireClient, token: string, joined: Record<string, unknown>) {
    this.#client = client
    this.#token = token
    this.#view = protocolFold.from(joined as never)
    this.id = (joined['selfParticipant'] as { id: string }).id
    this.#sessionId = String(joined['sessionId'])
    this.#resumeToken = String(joined['resumeToken'])
  }

  get connected(): boolean {
    return !this.#dropped && this.#client.closed === null
  }

  /** Resolves when it was answered, or when the socket went before that. */
  async ask(type: string, payload: object = {}): Promise<void> {
    const requestId = newId()
    this.#client.tell(type, payload, requestId)
    await eventually(() => {
      if (this.connected && this.#client.answersTo(requestId).length === 0) throw new Error(`no answer to ${type}`)
    }, answerWithinMs)
  }

  /** The room as it is seen now. */
  get view(): { v: number; meeting: Meeting; participants: Record<string, unknown> } {
    const { received } = this.#client
    while (this.#read < received.length) this.#take(received[this.#read++])
    const { v, meeting, participants } = this.#view
    return { v, meeting, participants: Object.fromEntries([...participants].toSorted(([a], [b]) => (a < b ? -1 : 1))) }
  }

  drop(): void {
    this.#dropped = true
    this.#client.drop()
  }

  close(): void {
    this.#client.close()
  }

  /** Opens a socket at a node and goes on with the session; rejects when that is refused. */
  async resume(at: NodeAddress): Promise<void> {
    const { v } = this.view
    const client = await new WireClient(this.#token).open(at)
    const payload = { sessionId: this.#sessionId, resumeToken: this.#resumeToken, v }
    const answer = await client.ask('room.resume', payload)
    if (answer.type !== 'room.resumed') throw new Error(`resume: ${JSON.stringify(answer.payload)}`)
    this.#client = client
    this.#dropped = false
    this.#read = 0
    this.#resumeToken = String(answer.payload['resumeToken'])
  }

  #take(message: WireMessage | undefined): void {
    if (!message) return
    const { type, payload } = message
    if (type === 'room.resumed') {
      const { delta, snapshot } = payload
      return this.#fold(delta ? { type: 'room.delta', payload: delta } : { type: 'room.snapshot', payload: snapshot })
    }
    if (message.requestId === undefined) this.#fold({ type, payload })
  }

  #fold(message: { type: string; payload: unknown }): void {
    const { v } = message.payload as { v?: number }
    const sets = message.type === 'room.delta' || message.type === 'room.snapshot'
    if (message.type === 'ping' || v === undefined) return
    if (!sets && v !== this.#view.v + 1) this.gaps.push(`${message.type} ${v} after ${this.#view.v}`)
    this.#view = protocolFold.apply(this.#view, message as ServerMessage)
  }
}
