import Type, { type Static } from 'typebox'
import { Id, Instant } from '../ids.ts'
import { Meeting } from '../rest/meetings.ts'
import { Role } from '../roles.ts'
import { fromServer } from '../ws/from-server.ts'
import { LobbyEntry, LobbyRefusal } from '../ws/room.ts'
import { RosterEntry } from './signaling.ts'
import { event, request } from './subject.ts'

/** A decision to let somebody in, made when they enter or are admitted from the lobby; signaling carries it out. */
export const AdmissionGrant = Type.Object({
  participantId: Id,
  userId: Id,
  name: Type.String(),
  role: Role,
  guest: Type.Boolean(),
  meeting: Meeting,
  /** `wait`: into the lobby first; `meetings.lobby` tells when that is over, and how. */
  admission: Type.Union([Type.Literal('enter'), Type.Literal('wait')]),
  /** The number of the newest command to the room when this was decided. A room that has carried out a newer one asks again. */
  asOf: Type.Optional(Type.Integer()),
})
export type AdmissionGrant = Static<typeof AdmissionGrant>

/** How a wait in the lobby ended. Admitted: the grant to enter with. */
export const LobbyDecision = Type.Union([
  Type.Object({ participantId: Id, admitted: Type.Literal(true), grant: AdmissionGrant }),
  Type.Object({ participantId: Id, admitted: Type.Literal(false), reason: LobbyRefusal }),
])
export type LobbyDecision = Static<typeof LobbyDecision>

/** Something that happened in or around a meeting, for its timeline. */
export const TimelineNote = Type.Object({
  /** The same note is kept once. */
  id: Id,
  meetingId: Id,
  at: Instant,
  kind: Type.String({ maxLength: 80 }),
  /** `ok`, the code of a problem, or a close code. */
  outcome: Type.String({ maxLength: 40 }),
  userId: Type.Optional(Id),
  participantId: Type.Optional(Id),
  /** The participant that it was done to. */
  targetId: Type.Optional(Id),
  requestId: Type.Optional(Type.String({ maxLength: 128 })),
  node: Type.Optional(Type.String({ maxLength: 128 })),
})
export type TimelineNote = Static<typeof TimelineNote>

/** A line of a meeting's timeline, as operators see it. */
export const TimelineEntry = Type.Object({
  at: Instant,
  kind: Type.String(),
  outcome: Type.String(),
  userId: Type.Optional(Id),
  name: Type.Optional(Type.String()),
  participantId: Type.Optional(Id),
  target: Type.Optional(Type.String()),
  requestId: Type.Optional(Type.String()),
  node: Type.Optional(Type.String()),
})
export type TimelineEntry = Static<typeof TimelineEntry>

/** The newest lines of a meeting's timeline, oldest first; `cut`: there were more. */
export const MeetingTimeline = Type.Object({
  meeting: Type.Object({ id: Id, code: Type.String(), title: Type.String(), status: Type.String() }),
  entries: Type.Array(TimelineEntry),
  cut: Type.Boolean(),
})
export type MeetingTimeline = Static<typeof MeetingTimeline>

export const meetingsBus = {
  /** From signaling and the gateway: notes to keep. Repeating it changes nothing. */
  noteTimeline: request('meetings.note-timeline', {
    input: Type.Object({ notes: Type.Array(TimelineNote, { maxItems: 200 }) }),
    output: Type.Object({}),
    timeoutMs: 2_500,
  }),
  /** A meeting's timeline by its id or code, for operators. Problem `not-found`. */
  timeline: request('meetings.timeline', {
    input: Type.Object({ meeting: Type.String({ maxLength: 64 }) }),
    output: MeetingTimeline,
    timeoutMs: 4_000,
  }),
  /**
   * Spends a room token, and decides by what is true now. With the same `attempt` it may be asked again, because no answer came
   * or the room has carried out a newer command than the grant knows: it is decided anew. Problems: `room-token-invalid`, and
   * those of joining, such as `meeting-over`, `not-admitted`, `removed-from-meeting`, `guests-not-allowed`,
   * `passcode-required`, `not-found`.
   */
  redeem: request('meetings.redeem', {
    input: Type.Object({
      roomToken: Type.String(),
      userId: Id,
      attempt: Type.Optional(Id),
      /** Of the handshake, for the timeline. */
      requestId: Type.Optional(Type.String({ maxLength: 128 })),
    }),
    output: AdmissionGrant,
    timeoutMs: 2_500,
  }),
  /** A person's rights to a meeting's chat. Problem `not-found` for those who do not belong to it. */
  access: request('meetings.access', {
    input: Type.Object({ meetingId: Id, userId: Id }),
    output: Type.Object({ role: Role, name: Type.String(), mayChat: Type.Boolean(), over: Type.Boolean() }),
  }),
  /**
   * The lobby as it is written down. `present` are the waiting participants with a socket on the asking node: they are kept in
   * the queue, and those of them who wait no longer are told how that ended. `meeting` is it as it stands, for those who wait
   * hear of its changes from no room; `ended` why it is over. Asked on every `lobby` hint, and every 2 s.
   */
  lobby: request('meetings.lobby', {
    input: Type.Object({ meetingId: Id, present: Type.Array(Id) }),
    output: Type.Object({
      lv: Type.Integer(),
      lobby: Type.Array(LobbyEntry),
      decided: Type.Array(LobbyDecision),
      meeting: Type.Optional(Meeting),
      ended: Type.Optional(fromServer['room.ended'].properties.reason),
    }),
  }),
  /** Admits or rejects one who waits, or (null) all. Problems: `forbidden`, `not-found`, `meeting-full`. */
  decideLobby: request('meetings.decide-lobby', {
    input: Type.Object({ meetingId: Id, by: Id, participantId: Type.Union([Id, Type.Null()]), admit: Type.Boolean() }),
    output: Type.Object({ count: Type.Integer() }),
  }),
  /** One who waits goes away. */
  leaveLobby: request('meetings.leave-lobby', {
    input: Type.Object({ meetingId: Id, participantId: Id }),
    output: Type.Object({}),
  }),
  /** Removes somebody, written down before the room is told. `by` and `userId` are users. Problems: `forbidden`, `not-found`. */
  remove: request('meetings.remove', {
    input: Type.Object({ meetingId: Id, by: Id, userId: Id, ban: Type.Boolean() }),
    output: Type.Object({}),
  }),
  /** Gives somebody another role; `host` hands the meeting over. Problems: `forbidden`, `not-found`. */
  setRole: request('meetings.set-role', {
    input: Type.Object({ meetingId: Id, by: Id, userId: Id, role: Role }),
    output: Type.Object({}),
  }),
  /** A person's rights in a meeting have been taken back: who remembers it asks anew. A hint, may be lost. */
  accessChanged: event('meetings.access-changed', Type.Object({ meetingId: Id, userId: Id })),
  /**
   * A meeting as it is now, and who of these people, whom `access` let read its chat once, still may. Problem `not-found` when
   * it is there no more.
   */
  readers: request('meetings.readers', {
    input: Type.Object({ meetingId: Id, userIds: Type.Array(Id, { maxItems: 1000 }) }),
    output: Type.Object({ meeting: Meeting, readers: Type.Array(Id) }),
  }),
  /**
   * The events of an account after that id, in order; null: only where it ends now. `complete` is false when
   * that is not known any more: then there are no events, and `head` is the end. `boxes`: where `news` tells of more.
   */
  userEvents: request('meetings.user-events', {
    input: Type.Object({ userId: Id, after: Type.Union([Type.String(), Type.Null()]), limit: Type.Integer() }),
    output: Type.Object({
      events: Type.Array(Type.Object({ id: Type.String(), type: Type.String(), data: Type.Unknown() })),
      head: Type.String(),
      complete: Type.Boolean(),
      boxes: Type.Array(Type.String()),
    }),
  }),
  /** There is something new in a box of user events. A hint, may be lost. */
  news: event('meetings.news.{box}', Type.Object({})),
  /** Which of these meetings are deleted: what belongs to them goes. */
  deleted: request('meetings.deleted', {
    input: Type.Object({ meetingIds: Type.Array(Id, { maxItems: 500 }) }),
    output: Type.Object({ deleted: Type.Array(Id) }),
  }),
  /** The copies of an account's former name follow. Asked until it is answered; a second time it changes nothing. */
  rename: request('meetings.rename', {
    input: Type.Object({ userId: Id, before: Type.String(), name: Type.String() }),
    output: Type.Object({}),
    timeoutMs: 2_500,
  }),
  /** Whether an account is disabled, or removed: its webhooks stand still. Asked until it is answered. */
  standing: request('meetings.standing', {
    input: Type.Object({ userId: Id, disabled: Type.Boolean() }),
    output: Type.Object({}),
    timeoutMs: 2_500,
  }),
  /** Ends a meeting on behalf of its host (from the room). */
  end: request('meetings.end', { input: Type.Object({ meetingId: Id, userId: Id }), output: Type.Object({}) }),
} as const

const aboutRoom = { id: Id, at: Instant, meetingId: Id }

/**
 * An event of a room, appended in the same atomic commit as the change; consumed at least once, idempotent by `id`. `at` is
 * by the clock of the room store.
 */
export const Fact = Type.Union([
  Type.Object({
    ...aboutRoom,
    kind: Type.Union([Type.Literal('joined'), Type.Literal('left')]),
    participantId: Id,
    userId: Id,
    name: Type.String(),
    role: Role,
    /** People left in the room after this. */
    present: Type.Integer(),
  }),
  /**
   * The room was restored, and facts and commands of before may be lost: who is in it by now. Meetings compares, and tells the room
   * again what it has written down of these people.
   */
  Type.Object({ ...aboutRoom, kind: Type.Literal('restored'), people: Type.Array(RosterEntry) }),
])
export type Fact = Static<typeof Fact>
