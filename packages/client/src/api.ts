import type {
  FileReference,
  LobbyEntry,
  MediaKind,
  Meeting,
  MeetingEvent,
  Message,
  Participant,
  Problem,
  Recording,
  Role,
  RoomSnapshot,
  StoredFile,
  User,
  UserEvent,
} from '@parley/contracts'
import type { SignedOutBecause } from './auth-session.ts'
import type { UploadInput } from './files/upload.ts'
import type { RestClient } from './rest.ts'
import type { TokenStorage } from './token-storage.ts'

/** A value that can be read at any time and tells when it was replaced. Values are never mutated. */
export interface Store<T> {
  get(): T
  /** Calls `listener` after each change; returns the function that stops it. */
  subscribe(listener: () => void): () => void
}

export interface ParleyOptions {
  /** The gateway, e.g. `https://meet.example.com`; in a browser the page's own origin by default. */
  url?: string
  /** `body` where cookies do not work (Node, native apps); `cookie` by default in browsers. */
  tokenDelivery?: 'cookie' | 'body'
  /**
   * Hears that a sign-in ended without `signOut`: `expired`, or `replaced` when somebody else signed in with the same cookie or storage,
   * such as in another tab. Rooms and streams of before have ended by then, and `user` is null.
   */
  onSignedOut?: (why: SignedOutBecause) => void
  fetch?: typeof fetch
  WebSocket?: typeof WebSocket
  /** With `tokenDelivery: 'body'`: where the refresh token is kept for `restore`; in memory by default. */
  tokenStorage?: TokenStorage
  /** Where a page keeps its place in a room when it goes away, for `resume`. Without it the page leaves the room then. */
  placeStorage?: PlaceStorage
  /** Hears of what failed and was borne or mended, for logs; `console.warn` by default. */
  onWarning?: (error: unknown) => void
}

/** Keeps one text for the next page of the same tab, such as `sessionStorage`. It has what only this tab may know. */
export interface PlaceStorage {
  put(code: string, place: string): void
  /** Takes the value that was put under this code, once. */
  take(code: string): string | null
}

/** The product behind one gateway URL. */
export interface Parley {
  /** Every REST operation by its name in the contracts, with typed input and answer; renews the access token by itself. */
  readonly rest: RestClient
  readonly user: Store<User | null>
  signUp(input: { email: string; password: string; name: string; username?: string }): Promise<User>
  signIn(input: { email: string; password: string }): Promise<User>
  signInAsGuest(input: { name: string }): Promise<User>
  /** Tries the refresh cookie (or token) of an earlier visit; null when there is none. */
  restore(): Promise<User | null>
  signOut(): Promise<void>
  /** A valid access token, renewed if it is about to expire. */
  accessToken(): Promise<string>
  /**
   * The events of a meeting, for those who are no participant (or not on this device): first the room as it is, then each
   * change, over as many connections as it takes. Ends when the meeting is over, or `signal` is aborted; rejects with a
   * ParleyError when it is refused. `lastEventId` goes on where an earlier stream was.
   */
  meetingEvents(meetingId: string, options?: EventsOptions): AsyncIterable<MeetingEvent & { id: string }>
  /** The same for what happens to the account: its invites, and its meetings as they begin, change and end. */
  userEvents(options?: EventsOptions): AsyncIterable<UserEvent & { id: string }>
  /**
   * Uploads an avatar or an attachment in parts, with progress, over a broken network too; resolves to the file once it can be
   * used. Rejects with a ParleyError when it is refused, or with the reason of `signal`.
   */
  upload(input: UploadInput): Promise<StoredFile>
  /** Asks for a room token, opens the socket, joins. Rejects with a ParleyError. When the page goes away, its rooms are left, unless there is `placeStorage`. */
  join(input: JoinInput): Promise<Room>
  /**
   * After a reload of the page: goes on as the same participant, unseen by the others if it is quick. Needs `placeStorage`. Null
   * when no place was kept, or it cannot be taken again: then `join`. Devices are on as they were; one's own screen is not.
   */
  resume(input: Pick<JoinInput, 'code' | 'localStream'>): Promise<Room | null>
  close(): void
}

export interface EventsOptions {
  signal?: AbortSignal
  lastEventId?: string
}

export interface JoinInput {
  code: string
  passcode?: string
  displayName?: string
  device: { mic: boolean; cam: boolean }
  /** The tracks to send to the others; without it one only receives. Tracks are taken as they are, `device` says which are on. */
  localStream?: MediaStream | null
  /** One waits in the lobby: the place in the queue (1 is first), again when it changes. `join` then resolves when let in. */
  onWaiting?: (position: number) => void
  /** Gives up waiting; `join` rejects with its reason. */
  signal?: AbortSignal
}

export type RoomStatus =
  | { state: 'joined' }
  | { state: 'reconnecting'; attempt: number }
  | { state: 'left' }
  | { state: 'removed'; reason: string }
  | { state: 'ended'; reason: string }
  /** The session could not be resumed, or the sign-in is gone; a new `join` is needed. */
  | { state: 'lost'; problem: Problem | null }

/** Everything a page shows of a room, replaced as a whole on each change. */
export interface RoomState {
  status: RoomStatus
  meeting: Meeting
  self: Participant
  peers: readonly Participant[]
  v: number
  /** The people in the lobby, as hosts and cohosts see it; empty for others. */
  lobby: readonly LobbyEntry[]
  /** In the order of their numbers, without gaps; older ones by `loadOlderMessages`. */
  messages: readonly Message[]
  hasOlderMessages: boolean
  /** Sent and not yet accepted, or refused. */
  pending: readonly PendingMessage[]
  typing: readonly string[]
  /** By participant id. */
  remote: ReadonlyMap<string, RemoteMedia>
  localScreen: MediaStream | null
  /** The transport of the media now. A room moves from one to the other by itself, while media goes on. */
  carrier: Carrier
  /** The newest recording of the meeting that one has heard of. */
  recording: Recording | null
}

/** Each sends to each, or all to a server; `sessionId` is that of Janus, null while it is being reached. */
export type Carrier = { by: 'mesh' } | { by: 'sfu'; sessionId: number | null }
export interface PendingMessage {
  clientMessageId: string
  /** Empty for a file without words. */
  text: string
  /** The attachment. */
  file: FileReference | null
  /** Why it was refused for good. */
  problem: Problem | null
  /** Why it has not gone out yet, such as `rate-limited`: it goes by itself. */
  delayed: Problem | null
}
export interface RemoteMedia {
  /** Microphone and camera. */
  camera: MediaStream | null
  screen: MediaStream | null
  connection: RTCPeerConnectionState
}

/** The tiles that the page shows. Through an SFU the rest is not sent to it, and cameras come in the size that is needed. */
export interface MediaView {
  /** The cameras that are shown, by participant id, with the height of each picture in device pixels. */
  cameras: ReadonlyMap<string, number>
  /** Whose screens are shown. */
  screens: ReadonlySet<string>
}

export type QualityLevel = 'good' | 'fair' | 'poor'
/** How media arrived in the last seconds. */
export interface ConnectionQuality {
  level: QualityLevel
  /** Share of packets, 0 to 1. */
  loss: number
  jitterMs: number
  /** Of one's own connection only. */
  roundTripMs: number | null
  /** Received from this person; null for oneself. */
  kbps: number | null
}

/** Things that happen and are not state. */
export interface RoomEvents {
  reaction: { participantId: string; reaction: string }
  message: Message
  muted: { kind: MediaKind; by: string }
}

export interface Room {
  readonly state: Store<RoomState>
  on<E extends keyof RoomEvents>(event: E, listener: (value: RoomEvents[E]) => void): () => void
  setMic(on: boolean): Promise<void>
  setCam(on: boolean): Promise<void>
  /** Replaces the camera or microphone track (another device). */
  replaceTrack(track: MediaStreamTrack): Promise<void>
  /**
   * Says what the page shows, so that no more than that is received; null (the beginning) for everything. With nothing in it
   * one receives sound only. A mesh sends everything all the same.
   */
  setView(view: MediaView | null): void
  /** How well each person is received, and under one's own id how well one is; by participant id, every 3 s. */
  readonly quality: Store<ReadonlyMap<string, ConnectionQuality>>
  startScreen(stream: MediaStream): Promise<void>
  /** Ends the share and its tracks, which have no other use. */
  stopScreen(): Promise<void>
  raiseHand(): Promise<void>
  lowerHand(): Promise<void>
  react(reaction: string): Promise<void>
  /** Shows it as pending at once, retries until it is accepted or refused for good. */
  sendMessage(text: string): Promise<Message | null>
  /** The same with an attachment of this meeting (see `upload`), with or without words. */
  sendFile(file: FileReference, text?: string): Promise<Message | null>
  retryMessage(clientMessageId: string): Promise<void>
  /** Changes a message of one's own. The state follows when the server tells everybody. */
  editMessage(messageId: string, text: string): Promise<void>
  /** Deletes a message: one's own, or as host or cohost anybody's. */
  deleteMessage(messageId: string): Promise<void>
  loadOlderMessages(): Promise<void>
  setTyping(typing: boolean): void
  mute(participantId: string, kind: MediaKind): Promise<void>
  muteAll(kind: MediaKind): Promise<number>
  lowerHandOf(participantId: string): Promise<void>
  /** Shows somebody large to everybody, in place of anybody else, or no longer: `Participant.spotlight`. */
  spotlight(participantId: string, on: boolean): Promise<void>
  /** Sends somebody out; with `ban` for good. */
  remove(participantId: string, ban?: boolean): Promise<void>
  /** `host` hands the meeting over. */
  setRole(participantId: string, role: Role): Promise<void>
  admit(participantId: string): Promise<void>
  reject(participantId: string): Promise<void>
  /** Resolves to how many were let in. */
  admitAll(): Promise<number>
  endMeeting(): Promise<void>
  /** Says goodbye and lets go of socket and peer connections; local tracks stay the caller's. */
  leave(): Promise<void>
  /** The state that the server holds now (`room.sync` from 0), for checks. */
  snapshot(): Promise<RoomSnapshot | null>
}
