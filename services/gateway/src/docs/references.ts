import { fromClient, fromServer, operations, type ClientType, type ServerType } from '@parley/contracts'

/** Where Parley does what a document names. A name that the contracts do not have does not compile. */
type ContractReference =
  | { rest: OperationName }
  | { send: ClientType }
  | { receive: ServerType }
  | { answer: string; to: ClientType }
  | { path: string }
  | { page: string; about: string }

type OperationsOf<S> = S extends Readonly<Record<infer N extends string, unknown>> ? N : never
type OperationName = {
  [S in keyof typeof operations]: OperationsOf<(typeof operations)[S]>
}[keyof typeof operations]

const rest = (name: OperationName): ContractReference => ({ rest: name })
const send = (type: ClientType): ContractReference => ({ send: type })
const receive = (type: ServerType): ContractReference => ({ receive: type })
const answer = (type: string, to: ClientType): ContractReference => ({ answer: type, to })
const path = (at: string): ContractReference => ({ path: at })
const page = (at: string, about: string): ContractReference => ({ page: at, about })

type Row = readonly [named: string, ...places: ContractReference[]]

/** Every endpoint and message that the five documents name, in their order. */
const references: Readonly<Record<string, readonly Row[]>> = {
  'Janus Meet': [
    ['POST /api/auth/register', rest('register')],
    ['POST /api/auth/login', rest('login')],
    ['POST /api/auth/refresh', rest('refresh')],
    ['GET /api/auth/me', rest('me')],
    ['GET /api/rooms', rest('listMeetings')],
    ['POST /api/rooms', rest('createMeeting')],
    ['GET /api/rooms/:id', rest('getMeeting')],
    ['DELETE /api/rooms/:id', rest('deleteMeeting')],
    ['GET /api/rooms/:id/messages', rest('listMessages')],
    ['GET /api/rooms/:id/janus-token', rest('janusToken')],
    ['→ join-room', send('room.join')],
    ['→ leave-room', send('room.leave')],
    ['→ janus-signal', send('rtc.signal')],
    ['→ chat-send', send('chat.send')],
    ['← peer-joined', receive('participant.joined')],
    ['← peer-left', receive('participant.left')],
    ['← chat-new', receive('chat.message')],
    ['← room-ended', receive('room.ended')],
    ['← forced-mute', receive('moderation.muted')],
  ],
  'Hub API': [
    ['POST /v1/auth/register', rest('register')],
    ['POST /v1/auth/login', rest('login')],
    ['POST /v1/auth/oauth/google', rest('oauth')],
    ['POST /v1/auth/refresh', rest('refresh')],
    ['POST /v1/auth/logout', rest('logout')],
    ['GET /v1/auth/me', rest('me')],
    ['POST /v1/meetings', rest('createMeeting')],
    ['GET /v1/meetings', rest('listMeetings')],
    ['GET /v1/meetings/:id', rest('getMeeting')],
    ['POST /v1/meetings/resolve-code', rest('resolveCode')],
    ['POST /v1/meetings/:id/room-token', rest('roomToken')],
    ['POST /v1/meetings/:id/invites', rest('createInvite')],
    ['GET /v1/meetings/:id/invites', rest('listInvites')],
    ['POST /v1/invites/:inviteId/accept', rest('acceptInvite')],
    ['POST /v1/invites/:inviteId/decline', rest('declineInvite')],
    ['PATCH /v1/me', rest('updateMe')],
    ['GET /docs', path('/docs')],
    ['GET /swagger/json', path('/openapi.json')],
    ['GET /ws', path('/v1/ws')],
    ['→ auth.authenticate', send('auth.authenticate')],
    ['← auth.ok', answer('auth.ok', 'auth.authenticate')],
    ['→ room.join', send('room.join')],
    ['← room.joined', answer('room.joined', 'room.join')],
    ['→ room.leave', send('room.leave')],
    ['← room.kicked', receive('room.kicked')],
    ['← participant.joined', receive('participant.joined')],
    ['← participant.left', receive('participant.left')],
    ['↔ rtc.signal', send('rtc.signal'), receive('rtc.signal')],
    ['→ media.update', send('media.update')],
    ['← media.changed', receive('media.changed')],
    ['→ chat.send', send('chat.send')],
    ['← chat.message', receive('chat.message')],
    ['→ reaction.send', send('reaction.send')],
    ['← reaction.added', receive('reaction.added')],
    ['→ hand.raise', send('hand.raise')],
    ['→ hand.lower', send('hand.lower')],
    ['← hand.changed', receive('hand.changed')],
    ['→ moderation.mute', send('moderation.mute')],
    ['→ moderation.remove', send('moderation.remove')],
    ['→ lobby.admit', send('lobby.admit')],
    ['→ lobby.reject', send('lobby.reject')],
    ['← lobby.result', receive('lobby.result')],
  ],
  'Meet App': [
    ['POST /api/auth/register', rest('register')],
    ['POST /api/auth/login', rest('login')],
    ['POST /api/auth/refresh', rest('refresh')],
    ['GET /api/auth/me', rest('me')],
    ['POST /api/auth/logout', rest('logout')],
    ['POST /api/meetings', rest('createMeeting')],
    ['POST /api/meetings/join', rest('join')],
    ['GET /api/meetings/code/:code', rest('getMeetingByCode')],
    ['POST /api/meetings/:id/leave', rest('leave')],
    ['POST /api/meetings/:id/end', rest('endMeeting')],
    ['GET /api/meetings/:id/participants', rest('participants')],
    ['POST /api/meetings/:id/messages', rest('sendMessage')],
    ['GET /api/meetings/:id/messages', rest('listMessages')],
    ['GET /health', path('/livez')],
    ['GET /ready', path('/readyz')],
    ['GET /ws', path('/v1/ws')],
    ['hub of connections; offer, answer, ICE candidate', send('rtc.signal')],
    ['SSE: chat, participants, meeting status', rest('meetingEvents')],
    ['avatar and attachment uploads', rest('createFile'), rest('uploadBytes'), rest('completeFile')],
    [
      'recording, its storage and playback',
      rest('startRecording'),
      rest('stopRecording'),
      rest('listRecordings'),
      rest('recordingContent'),
    ],
    ['Prometheus metrics', path('/metrics')],
    ['distributed tracing', page('spec/operation.md', 'OpenTelemetry traces')],
  ],
  MeetTime: [
    ['POST /api/meetings/create', rest('createMeeting')],
    ['POST /api/meetings/join (token)', rest('join')],
    ['GET /api/meetings/:id', rest('getMeeting')],
    ['DELETE /api/meetings/:id', rest('deleteMeeting')],
    ['POST /api/meetings/:id/tokens', rest('createJoinToken')],
    ['PUT /api/meetings/:id/datetime', rest('scheduleMeeting')],
    ['POST /api/meetings/:id/kick', rest('kick')],
    ['POST /api/meetings/:id/leave', rest('leave')],
    ['GET /health', path('/livez')],
    ['GET /', path('/version')],
    ['→ meeting:join', send('room.join')],
    ['→ meeting:datetime:update', rest('scheduleMeeting')],
    ['→ chat:message', send('chat.send')],
    ['→ webrtc:offer, answer, ice-candidate', send('rtc.signal')],
    ['→ participant:update', send('media.update')],
    ['→ host:kick-participant', send('moderation.remove')],
    ['← meeting:joined', answer('room.joined', 'room.join')],
    ['← meeting:participant-joined', receive('participant.joined')],
    ['← meeting:participant-left', receive('participant.left')],
    ['← meeting:datetime:changed', receive('meeting.updated')],
    ['← chat:new-message', receive('chat.message')],
    ['← webrtc:offer, answer, ice-candidate', receive('rtc.signal')],
    ['← meeting:kicked', receive('room.kicked')],
    ['← meeting:terminated', receive('room.ended')],
  ],
  'Video Calling': [
    ['POST /api/auth/register', rest('register')],
    ['POST /api/auth/login', rest('login')],
    ['POST /api/auth/refresh', rest('refresh')],
    ['GET /api/auth/profile', rest('me')],
    ['PATCH /api/auth/profile', rest('updateMe')],
    ['POST /api/auth/change-password', rest('changePassword')],
    ['POST /api/auth/logout', rest('logout')],
    ['POST /api/video-calls', rest('createMeeting')],
    ['GET /api/video-calls', rest('listMeetings')],
    ['GET /api/video-calls/:id', rest('getMeeting')],
    ['GET /api/video-calls/room/:roomId', rest('getMeetingByCode')],
    ['PATCH /api/video-calls/:id', rest('updateMeeting')],
    ['DELETE /api/video-calls/:id', rest('deleteMeeting')],
    ['POST /api/video-calls/join', rest('join')],
    ['POST /api/video-calls/:id/end', rest('endMeeting')],
    ['GET /api/video-calls/:id/stats', rest('meetingStats')],
    ['guest access to public calls', rest('guest')],
    ['GET /api/health', path('/livez')],
    ['GET /api/version', path('/version')],
    ['→ room:join', send('room.join')],
    ['→ room:leave', send('room.leave')],
    ['→ room:end-call', send('meeting.end')],
    ['→ webrtc:offer, answer, ice-candidate', send('rtc.signal')],
    ['→ webrtc:get-ice-servers', rest('iceServers')],
    ['→ participant:update-media-state', send('media.update')],
    ['→ participant:screen-share-changed', send('media.update')],
    ['→ chat:message', send('chat.send')],
    ['→ chat:typing', send('chat.typing')],
  ],
}

const all: Readonly<Record<string, { method: string; path: string }>> = Object.assign({}, ...Object.values(operations))

/** A place as one reads it: a method and path, a message, or a page about it. */
function placeName(place: ContractReference): string {
  if ('rest' in place) return `\`${all[place.rest]?.method} ${all[place.rest]?.path}\``
  if ('send' in place) return `→ \`${place.send}\``
  if ('receive' in place) return `← \`${place.receive}\``
  if ('answer' in place) return `← \`${place.answer}\`, answer to \`${place.to}\``
  if ('path' in place) return `\`GET ${place.path}\``
  return `[${place.about}](${place.page})`
}

/** The table as a Markdown page. */
export function referencesPage(): string {
  const tables = Object.entries(references).map(([document, rows]) => {
    const lines = rows.map(([named, ...places]) => `| ${named} | ${places.map(placeName).join('; ')} |`)
    return [`## ${document}`, '', '| it names | Parley |', '|---|---|', ...lines, ''].join('\n')
  })
  const counts = `${Object.keys(all).length} REST operations, ${Object.keys(fromClient).length} messages to the server, ${Object.keys(fromServer).length} from it`
  return `# Where the five documents’ features are\n\nMade from the contracts (${counts}) by \`services/gateway/src/docs/write.ts\`; → is sent by a client, ← by the server.\n\n${tables.join('\n')}`
}
