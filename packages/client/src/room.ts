import {
  may,
  type ClientPayload,
  type FileReference,
  type LobbyEntry,
  type Message,
  type RoomJoined,
  type RoomResumed,
  type RoomSnapshot,
  type ServerMessage,
} from '@parley/contracts'
import type { JoinInput, MediaView, Room, RoomEvents, RoomState, RoomStatus } from './api.ts'
import type { ChatHead } from './chat-history.ts'
import { Connection } from './connection.ts'
import { createEmitter } from './emitter.ts'
import type { Entered, ResumableSession } from './enter.ts'
import { withRetries } from './with-retries.ts'
import { moderation, type Moderation } from './moderation.ts'
import { RoomChat } from './room-chat.ts'
import type { Joined, RoomDeps } from './room-deps.ts'
import { RoomMedia } from './media/room-media.ts'
import { RoomSync } from './room-sync.ts'
import { applyServerMessage, rosterOf, snapshotOf, type Roster } from './room-state.ts'
import { SignalQueue } from './media/mesh/signal-queue.ts'
import { createStore, type WritableStore } from './store.ts'
import { ownTyping, TypingPeers } from './typing.ts'

/** A stay in the meeting that `entered` has joined; it listens from now on. */
export function startRoom(deps: RoomDeps, input: JoinInput, entered: Entered, joined: Joined): Room {
  const session = new RoomSession(deps, input, entered, joined)
  session.start()
  return Object.assign(session, session.host)
}

const nobody: readonly LobbyEntry[] = []

/** One stay in a meeting: connection, roster, chat and media put together. `host` has what a host may do. */
class RoomSession implements Omit<Room, keyof Moderation> {
  readonly state: WritableStore<RoomState>
  readonly on: Room['on']
  readonly setTyping: Room['setTyping']
  readonly quality: Room['quality']
  readonly host: Moderation
  readonly #events = createEmitter<RoomEvents>()
  readonly #deps: RoomDeps
  readonly #connection: Connection
  readonly #chat: RoomChat
  readonly #signals: SignalQueue
  readonly #media: RoomMedia
  readonly #sync: RoomSync
  readonly #typing = new TypingPeers(() => this.#show())
  #roster: Roster
  #status: RoomStatus = { state: 'joined' }
  /** How many signals came in this session. */
  #signalSeq = 0

  constructor(deps: RoomDeps, input: JoinInput, entered: Entered, joined: Joined) {
    this.#deps = deps
    this.#roster = rosterOf(joined)
    if (entered.how.is === 'resumed') this.#signalSeq = entered.how.resumed.signalSeq
    const { report } = deps
    const changed = () => this.#show()
    this.#connection = this.#connect(entered)
    this.#signals = new SignalQueue({
      socket: () => this.#connection.socket,
      failed: (to) => this.#media.signalsLost(to),
      report,
    })
    this.#chat = this.#makeChat(joined)
    this.#sync = this.#makeSync()
    const tell = (change: ClientPayload<'media.update'>) => this.#repeatUntilTaken('media.update', change)
    const signal = (to: string, data: unknown) => this.#signals.push(to, data)
    this.#media = new RoomMedia(
      { tell, signal, changed, report, WebSocket: deps.WebSocket, accessToken: () => deps.auth.current() },
      input.localStream ?? null,
      input.device,
      joined,
    )
    this.state = createStore(this.#current())
    this.quality = this.#media.quality.store
    this.on = this.#events.on
    this.host = moderation((type, payload, repeat) => this.#connection.request(type, payload, repeat))
    this.setTyping = ownTyping((typing) => this.#connection.send('chat.typing', { typing }))
  }

  start(): void {
    this.#rosterChanged()
    this.#connection.start()
    const { carrier, quality } = this.#media
    if (carrier) quality.start(carrier, () => this.#roster.self.id, this.#deps.report)
    this.#chat.loadOlder().catch(this.#deps.report)
  }

  setMic = (on: boolean): Promise<void> => this.#media.set('mic', on)
  setCam = (on: boolean): Promise<void> => this.#media.set('cam', on)
  replaceTrack = (track: MediaStreamTrack): Promise<void> => this.#media.replaceTrack(track)
  setView = (view: MediaView | null): void => this.#media.setView(view)
  startScreen = (stream: MediaStream): Promise<void> => this.#media.startScreen(stream)
  stopScreen = (): Promise<void> => this.#media.stopScreen()
  raiseHand = (): Promise<void> => this.#repeatUntilTaken('hand.raise', {})
  lowerHand = (): Promise<void> => this.#repeatUntilTaken('hand.lower', {})

  sendMessage = (text: string): Promise<Message | null> => this.#chat.send(text)
  sendFile = (file: FileReference, text = ''): Promise<Message | null> => this.#chat.send(text, file)
  editMessage = (messageId: string, text: string): Promise<void> => this.#chat.edit(messageId, text)
  deleteMessage = (messageId: string): Promise<void> => this.#chat.delete(messageId)
  retryMessage = (clientMessageId: string): Promise<void> => this.#chat.retry(clientMessageId)
  loadOlderMessages = (): Promise<void> => this.#chat.loadOlder()
  leave = (): Promise<void> => this.#connection.leave()

  async react(reaction: string): Promise<void> {
    await this.#connection.request('reaction.send', { reaction })
  }

  async snapshot(): Promise<RoomSnapshot | null> {
    if (this.#isOver()) return null
    const answer = await this.#connection.request('room.sync', { v: 0 })
    if (answer.type === 'room.snapshot') return answer.payload
    return snapshotOf(answer.payload, this.#roster, this.#chat.last)
  }

  #connect(entered: Entered): Connection {
    const listener = {
      message: (message: ServerMessage) => this.#hear(message),
      resumed: (resumed: RoomResumed) => this.#resumed(resumed),
      rejoined: (joined: RoomJoined) => this.#rejoined(joined),
      status: (status: RoomStatus) => this.#statusChanged(status),
      position: () => ({ v: this.#roster.v, chatSeq: this.#chat.last, signalSeq: this.#signalSeq }),
      device: () => this.#media.device,
      hide: (session: ResumableSession) => this.#deps.goodbye(this.#roster, { session, ...this.#media.left }),
    }
    return new Connection(this.#deps, listener, entered)
  }

  #makeChat(head: ChatHead): RoomChat {
    return new RoomChat(head, {
      request: (type, payload, repeat) => this.#connection.request(type, payload, repeat),
      list: (query) => this.#deps.listMessages(this.#roster.meeting.id, query),
      self: () => this.#roster.self,
      changed: () => this.#show(),
      arrived: (message) => this.#events.emit('message', message),
      over: () => this.#isOver(),
      report: this.#deps.report,
      backoff: this.#deps.backoff,
    })
  }

  #makeSync(): RoomSync {
    const { lobbyOf, report } = this.#deps
    return new RoomSync({
      lobbyOf,
      report,
      roster: () => this.#roster,
      send: (type, payload, requestId) => this.#connection.send(type, payload, requestId),
      apply: (message) => this.#apply(message),
    })
  }

  #hear(message: ServerMessage): void {
    this.#apply(message)
    this.#media.hear(message)
    switch (message.type) {
      case 'ping':
      case 'room.snapshot':
        return this.#chat.note(message.payload)
      case 'chat.message':
        return this.#chat.put(message.payload.message)
      case 'chat.updated':
        return this.#chat.change(message.payload.message)
      case 'chat.typing':
        return this.#typing.set(message.payload.participantId, message.payload.typing)
      case 'reaction.added':
        return this.#events.emit('reaction', message.payload)
      case 'rtc.signal':
        this.#signalSeq++
        return
      case 'moderation.muted':
        return this.#events.emit('muted', message.payload)
      case 'error':
        return this.#deps.report(message.payload)
    }
  }

  #apply(message: ServerMessage): void {
    const applied = applyServerMessage(this.#roster, message)
    if (applied.is === 'gap') this.#sync.ask()
    if (applied.is === 'lobby-gap') this.#sync.readLobby()
    if (applied.is !== 'applied') return
    this.#roster = applied.roster
    if (message.type === 'room.delta' || message.type === 'room.snapshot') this.#sync.done()
    this.#rosterChanged()
  }

  #rosterChanged(): void {
    this.#media.carrier?.sync(this.#roster.self.id, this.#roster.peers)
    this.#media.follow(this.#roster.self)
    this.#show()
  }

  #resumed({ delta, snapshot, signals, signalsLost, signalSeq, ...head }: RoomResumed): void {
    this.#sync.done()
    if (snapshot) this.#apply({ type: 'room.snapshot', payload: snapshot })
    if (delta) this.#apply({ type: 'room.delta', payload: delta })
    if (!snapshot) this.#sync.readLobby()
    this.#chat.note(head)
    // Some may have come on the old socket while the new one asked.
    const had = Math.max(0, this.#signalSeq - (signalSeq - signals.length))
    for (const { from, data } of signals.slice(had)) this.#media.receive(from, data)
    this.#signalSeq = signalSeq
    if (signalsLost) this.#media.signalsLost()
    this.#signals.pump()
  }

  #rejoined(joined: RoomJoined): void {
    this.#sync.done()
    this.#typing.clear()
    this.#signals.clear()
    this.#signalSeq = 0
    this.#media.carrier?.reset(joined.iceServers, joined.sfu ?? null)
    this.#roster = rosterOf(joined)
    this.#chat.note(joined)
    this.#rosterChanged()
    this.#media.tellScreenAgain()
  }

  #statusChanged(status: RoomStatus): void {
    this.#status = status
    this.#media.carrier?.mesh?.setOnline(status.state === 'joined')
    if (this.#isOver()) {
      this.#chat.close()
      this.#signals.clear()
      this.#typing.clear()
      this.#media.close()
    }
    this.#show()
  }

  async #repeatUntilTaken<T extends 'media.update' | 'hand.raise' | 'hand.lower'>(
    type: T,
    payload: ClientPayload<T>,
  ): Promise<void> {
    await withRetries(() => this.#connection.request(type, payload, true), this.#deps.backoff)
  }

  #isOver(): boolean {
    return this.#status.state !== 'joined' && this.#status.state !== 'reconnecting'
  }

  #show(): void {
    this.state.set(this.#current())
  }

  #current(): RoomState {
    const { meeting, self, peers, v, lobby, recording } = this.#roster
    const { remote, localScreen, carriedBy } = this.#media
    return {
      status: this.#status,
      meeting,
      self,
      peers,
      v,
      recording,
      remote,
      localScreen,
      carrier: carriedBy,
      lobby: may(self.role, 'admit') ? lobby : nobody,
      ...this.#chat.view,
      typing: this.#typing.ids,
    }
  }
}
