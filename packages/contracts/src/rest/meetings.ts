import Type, { type Static } from 'typebox'
import { exactlyOne, Id, Instant, InstantInput, MeetingCode, Nothing, Strict } from '../ids.ts'
import { Role } from '../roles.ts'
import { NameText, PasscodeText, ProseText } from '../text.ts'
import { DisplayName } from './auth.ts'
import type { Operations } from './operation.ts'

const nullable = <S extends Type.TSchema>(schema: S) => Type.Union([schema, Type.Null()])

/** The people who find a meeting, and those who may enter; see docs/spec/doors.md. */
export const MeetingType = Type.Union([Type.Literal('public'), Type.Literal('private'), Type.Literal('invited_only')], {
  description:
    'public: listed to everybody while it is live; who has its code or id may enter, guests too unless guestsAllowed is false. ' +
    'private: not listed; who has its code may enter with an account, guests only if guestsAllowed is set to true. ' +
    'invited_only: only those who are invited or have a join token know that it exists, and enter.',
})
export const MeetingStatus = Type.Union([
  Type.Literal('scheduled'),
  Type.Literal('waiting'),
  Type.Literal('live'),
  Type.Literal('ended'),
  Type.Literal('cancelled'),
])
export type MeetingStatus = Static<typeof MeetingStatus>

const settings = {
  video: Type.Boolean({ description: 'Cameras may be on' }),
  audio: Type.Boolean({ description: 'Microphones may be on' }),
  screenShare: Type.Boolean(),
  chat: Type.Boolean(),
  waitingRoom: Type.Boolean(),
  recording: Type.Boolean(),
  guestsAllowed: Type.Boolean({ description: 'Guests may enter; false for a private meeting unless it is said' }),
  topology: Type.Union([Type.Literal('auto'), Type.Literal('mesh'), Type.Literal('sfu')]),
}
export const MeetingSettings = Type.Object(settings, { title: 'MeetingSettings' })
export type MeetingSettings = Static<typeof MeetingSettings>
const SettingsInput = Strict(Type.Partial(Type.Object(settings)).properties)

const Title = NameText({ minLength: 1, maxLength: 200 })
const Description = ProseText({ maxLength: 2000 })
const Passcode = PasscodeText({ minLength: 4, maxLength: 64 })
const TimeZone = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^[A-Za-z0-9_+/-]+$',
  description: 'IANA time zone',
})
const DurationMinutes = Type.Integer({ minimum: 1, maximum: 1440 })
const MaxParticipants = Type.Integer({ minimum: 2, maximum: 1000 })

export const Meeting = Type.Object(
  {
    id: Id,
    code: MeetingCode,
    joinLink: Type.String(),
    title: Type.String(),
    description: Type.String(),
    type: MeetingType,
    status: MeetingStatus,
    hostId: Id,
    scheduledAt: nullable(Instant),
    durationMinutes: nullable(Type.Integer()),
    timeZone: Type.String(),
    hasPasscode: Type.Boolean(),
    maxParticipants: Type.Integer(),
    settings: MeetingSettings,
    version: Type.Integer(),
    createdAt: Instant,
    updatedAt: { ...Instant, description: 'When its version last changed' },
    startedAt: nullable(Instant),
    endedAt: nullable(Instant),
  },
  { title: 'Meeting' },
)
export type Meeting = Static<typeof Meeting>

/** One stay of one person in a meeting; `leftAt` is null while the person is there. */
export const Attendance = Type.Object(
  {
    id: Id,
    userId: Id,
    name: Type.String(),
    role: Role,
    guest: Type.Boolean({ description: 'Without an account; a guest may also be a cohost' }),
    joinedAt: Instant,
    leftAt: nullable(Instant),
  },
  { title: 'Attendance' },
)
export type Attendance = Static<typeof Attendance>

/** The state that the room shows of a participant at this moment, as `Participant` of the realtime protocol. */
const LiveState = Type.Object(
  {
    mic: Type.Boolean(),
    cam: Type.Boolean(),
    screen: Type.Boolean(),
    hand: nullable(
      Type.Integer({ description: 'Null: not raised. Raised hands sort by this number, the first is the lowest' }),
    ),
    connection: Type.Union([Type.Literal('connected'), Type.Literal('reconnecting')]),
  },
  {
    title: 'LiveState',
    examples: [{ mic: true, cam: false, screen: false, hand: null, connection: 'connected' }],
  },
)
export type LiveState = Static<typeof LiveState>

/** A stay, and what the room shows of the participant now. */
export const ParticipantEntry = Type.Object(
  {
    ...Attendance.properties,
    live: Type.Union([LiveState, Type.Null()], {
      description: 'Null: the participant is not in the room, or the room cannot be asked at the moment',
    }),
  },
  { title: 'ParticipantEntry' },
)
export type ParticipantEntry = Static<typeof ParticipantEntry>

/** The state of passcode guessing, for those who lead the meeting. */
export const PasscodeGuesses = Type.Object(
  {
    wrong: Type.Integer({ description: 'Different wrong passcodes within an hour' }),
    turnedAway: Type.Integer({ description: 'People who were refused unheard within an hour' }),
    locked: Type.Boolean({
      description: 'Too many different ones were wrong: nobody new is heard until some are forgotten',
    }),
  },
  { title: 'PasscodeGuesses' },
)

const MeetingWithParticipants = Type.Object(
  {
    ...Meeting.properties,
    participants: Type.Array(Attendance, { description: 'The people in it now, at most 1,000' }),
    passcodeGuesses: Type.Optional(PasscodeGuesses),
  },
  { title: 'MeetingWithParticipants' },
)

export const JoinDetails = Type.Object(
  {
    meeting: Meeting,
    roomToken: Type.String({ description: 'For one person, one meeting, one use' }),
    expiresIn: Type.Integer({ description: 'Seconds' }),
    signalingUrl: Type.String({ description: 'Where to open the WebSocket' }),
  },
  { title: 'Joining' },
)
export type JoinDetails = Static<typeof JoinDetails>

const byId = Strict({ id: Id })
/** The defaults of a new meeting. */
export const meetingDefaults = {
  title: 'Meeting',
  description: '',
  type: 'private',
  timeZone: 'UTC',
  maxParticipants: 50,
  settings: {
    video: true,
    audio: true,
    screenShare: true,
    chat: true,
    waitingRoom: false,
    recording: false,
    /** Of a private meeting; the other types admit guests. */
    guestsAllowed: false,
    topology: 'auto',
  },
} as const satisfies Partial<Meeting>

/** RFC 9110, 13.1.1. */
const IfMatch = Type.String({
  minLength: 1,
  maxLength: 1024,
  description:
    'The ETag of the meeting as you know it, several of them, or *: if none is its ETag, the answer is version-conflict with the current version',
  examples: ['"3"'],
})
/** 256 random bits, base64url, made by the host for others to enter with. */
export const JoinToken = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', minLength: 43, maxLength: 43 })
const entryProblems = [
  'not-found',
  'guests-not-allowed',
  'not-admitted',
  'removed-from-meeting',
  'passcode-required',
  'meeting-full',
  'meeting-over',
] as const
export const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
}

/** An optional field of a new meeting, with its default for the document. */
const byDefault = <S extends Type.TSchema>(name: keyof typeof meetingDefaults, schema: S) =>
  Type.Optional({ ...schema, default: meetingDefaults[name] })

export const meetingsOperations = {
  createMeeting: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/meetings',
    auth: 'user',
    rows: ['M1', 'M2'],
    summary: 'Create a meeting: at once, or scheduled',
    body: Strict({
      title: byDefault('title', Title),
      description: byDefault('description', Description),
      type: Type.Optional(Type.Union(MeetingType.anyOf, { ...MeetingType, default: meetingDefaults.type })),
      scheduledAt: Type.Optional(InstantInput),
      durationMinutes: Type.Optional(DurationMinutes),
      timeZone: byDefault('timeZone', TimeZone),
      passcode: Type.Optional(Passcode),
      maxParticipants: byDefault('maxParticipants', MaxParticipants),
      settings: byDefault('settings', SettingsInput),
    }),
    answers: { 201: Meeting },
    sends: { 201: ['etag', 'location'] },
    problems: [],
    limit: { by: 'principal', points: 120, seconds: 60 },
  },
  listMeetings: {
    method: 'GET',
    path: '/v1/meetings',
    auth: 'user',
    rows: ['M3'],
    summary: 'My meetings (host, joined or invited), newest first; with scope=active, public meetings that are live',
    query: Strict({
      ...paging,
      scope: Type.Optional(Type.Union([Type.Literal('mine'), Type.Literal('active')], { default: 'mine' })),
      role: Type.Optional(Type.Union([Type.Literal('host'), Type.Literal('joined'), Type.Literal('invited')])),
      status: Type.Optional(MeetingStatus),
    }),
    answers: { 200: Type.Object({ items: Type.Array(Meeting), nextCursor: nullable(Type.String()) }) },
    problems: [],
  },
  getMeeting: {
    method: 'GET',
    path: '/v1/meetings/:id',
    auth: 'any',
    rows: ['M4'],
    summary: 'A meeting and who is in it; for those who belong to it',
    params: byId,
    answers: { 200: MeetingWithParticipants },
    sends: { 200: ['etag'] },
    problems: ['not-found'],
  },
  getMeetingByCode: {
    method: 'GET',
    path: '/v1/meetings/code/:code',
    auth: 'any',
    rows: ['M4'],
    summary: 'A meeting by its code',
    params: Strict({ code: MeetingCode }),
    answers: { 200: Meeting },
    sends: { 200: ['etag'] },
    problems: ['not-found'],
    limit: { by: 'principal', points: 60, seconds: 60 },
  },
  resolveCode: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/meetings/resolve-code',
    auth: 'any',
    rows: ['M4'],
    summary: 'The id of a meeting by its code',
    body: Strict({ code: MeetingCode }),
    answers: { 200: Type.Object({ meetingId: Id }) },
    problems: ['not-found'],
    limit: { by: 'principal', points: 60, seconds: 60 },
  },
  updateMeeting: {
    method: 'PATCH',
    repeat: 'never',
    path: '/v1/meetings/:id',
    auth: 'user',
    rows: ['M5'],
    summary: 'Change a meeting (host); with If-Match only if nobody changed it meanwhile',
    params: byId,
    headers: Type.Object({ 'if-match': Type.Optional(IfMatch) }),
    body: Strict(
      {
        title: Type.Optional(Title),
        description: Type.Optional(Description),
        type: Type.Optional(MeetingType),
        passcode: Type.Optional(nullable(Passcode)),
        maxParticipants: Type.Optional(MaxParticipants),
        settings: Type.Optional(SettingsInput),
      },
      { minProperties: 1 },
    ),
    answers: { 200: Meeting },
    sends: { 200: ['etag'] },
    problems: ['not-found', 'forbidden', 'version-conflict', 'meeting-over'],
  },
  scheduleMeeting: {
    method: 'PUT',
    repeat: 'never',
    path: '/v1/meetings/:id/schedule',
    auth: 'user',
    rows: ['M6'],
    summary: 'Set when a meeting takes place (host), while it is live too; If-Match is required',
    params: byId,
    headers: Type.Object({ 'if-match': Type.Optional(IfMatch) }),
    needs: ['if-match'],
    body: Strict({
      scheduledAt: InstantInput,
      durationMinutes: Type.Optional(DurationMinutes),
      timeZone: Type.Optional(TimeZone),
    }),
    answers: { 200: Meeting },
    sends: { 200: ['etag'] },
    problems: ['not-found', 'forbidden', 'precondition-required', 'version-conflict', 'meeting-over'],
  },
  cancelMeeting: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/meetings/:id/cancel',
    auth: 'user',
    rows: ['M5'],
    summary: 'Cancel a meeting (host); whoever is in it is sent away',
    params: byId,
    body: Nothing,
    answers: { 200: Meeting },
    sends: { 200: ['etag'] },
    problems: ['not-found', 'forbidden', 'meeting-over'],
  },
  deleteMeeting: {
    method: 'DELETE',
    repeat: 'always',
    path: '/v1/meetings/:id',
    auth: 'user',
    rows: ['M5'],
    summary: 'Delete a meeting (host): it ends, and nobody finds it any more',
    params: byId,
    answers: { 204: null },
    problems: ['not-found', 'forbidden'],
  },
  endMeeting: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/meetings/:id/end',
    auth: 'user',
    rows: ['M7'],
    summary: 'End a meeting for everybody (host)',
    params: byId,
    body: Nothing,
    answers: { 200: Meeting },
    sends: { 200: ['etag'] },
    problems: ['not-found', 'forbidden'],
  },
  join: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/meetings/join',
    auth: 'any',
    rows: ['M8'],
    summary: 'Ask to enter by code or by join token, one of the two; gives the room token for room.join',
    body: Strict(
      {
        code: Type.Optional(MeetingCode),
        joinToken: Type.Optional(JoinToken),
        passcode: Type.Optional(Type.String({ maxLength: 64 })),
        displayName: Type.Optional(DisplayName),
      },
      exactlyOne('code', 'joinToken'),
    ),
    answers: { 200: JoinDetails },
    problems: [...entryProblems, 'join-token-invalid'],
    limit: { by: 'principal', points: 300, seconds: 60 },
  },
  roomToken: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/meetings/:id/room-token',
    auth: 'any',
    rows: ['M8'],
    summary: 'A room token for a meeting I belong to',
    params: byId,
    body: Strict({ passcode: Type.Optional(Type.String({ maxLength: 64 })), displayName: Type.Optional(DisplayName) }),
    answers: { 200: JoinDetails },
    problems: entryProblems,
  },
  participants: {
    method: 'GET',
    path: '/v1/meetings/:id/participants',
    auth: 'any',
    rows: ['M11'],
    summary:
      'The people who are or were in the meeting, newest first, and what the room shows of them; for those who were admitted or may walk in',
    params: byId,
    query: Strict({ ...paging, present: Type.Optional(Type.Boolean()) }),
    answers: { 200: Type.Object({ items: Type.Array(ParticipantEntry), nextCursor: nullable(Type.String()) }) },
    problems: ['not-found', 'not-admitted', 'passcode-required', 'removed-from-meeting'],
  },
} as const satisfies Operations
