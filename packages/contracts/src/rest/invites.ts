import Type, { type Static } from 'typebox'
import { exactlyOne, Id, Instant, Strict } from '../ids.ts'
import { ProseText } from '../text.ts'
import { Email } from './auth.ts'
import { Meeting, paging } from './meetings.ts'
import type { Operations } from './operation.ts'

export const InviteStatus = Type.Union([
  Type.Literal('pending'),
  Type.Literal('accepted'),
  Type.Literal('declined'),
  Type.Literal('revoked'),
])
export type InviteStatus = Static<typeof InviteStatus>

/** `userId`: who is invited; of an invite by e-mail, who has accepted it. */
const invite = {
  id: Id,
  meetingId: Id,
  email: Type.Optional(Type.String({ description: 'Of an invite by e-mail' })),
  userId: Type.Optional(Id),
  status: InviteStatus,
  message: Type.Optional(Type.String()),
  createdAt: Instant,
}
export const Invite = Type.Object(invite, { title: 'Invite' })
export type Invite = Static<typeof Invite>

/** An invite as the invited person sees it. */
export const ReceivedInvite = Type.Object(
  { ...invite, invitedBy: Type.Object({ id: Id, name: Type.String() }), meeting: Meeting },
  { title: 'ReceivedInvite' },
)
export type ReceivedInvite = Static<typeof ReceivedInvite>

const Message = ProseText({ minLength: 1, maxLength: 1000 })
/** 256 random bits, base64url: what the link of a mail carries behind `#`. */
const InviteToken = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', minLength: 43, maxLength: 43 })

const inMeeting = Strict({ id: Id })
const byInvite = Strict({ inviteId: Id })
const page = <S extends Type.TSchema>(item: S) =>
  Type.Object({ items: Type.Array(item), nextCursor: Type.Union([Type.String(), Type.Null()]) })
const answering = {
  params: byInvite,
  body: Strict({ token: Type.Optional(InviteToken) }),
  answers: { 200: ReceivedInvite },
  problems: ['not-found', 'meeting-over', 'wrong-state'],
  limit: { by: 'principal', points: 120, seconds: 60 },
} as const

export const invitesOperations = {
  createInvite: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/meetings/:id/invites',
    auth: 'user',
    rows: ['M12'],
    summary:
      'Invite one person (host, cohost): an account, or an e-mail address, which gets a mail; only who has confirmed their own address invites by mail. An address that is invited already is answered as is (200)',
    params: inMeeting,
    body: Strict(
      { email: Type.Optional(Email), userId: Type.Optional(Id), message: Type.Optional(Message) },
      exactlyOne('email', 'userId'),
    ),
    answers: { 200: Invite, 201: Invite },
    problems: ['not-found', 'forbidden', 'email-not-verified', 'meeting-over', 'wrong-state', 'unavailable'],
    limit: { by: 'principal', points: 300, seconds: 3600 },
  },
  listInvites: {
    method: 'GET',
    path: '/v1/meetings/:id/invites',
    auth: 'user',
    rows: ['M12'],
    summary: 'The invites of a meeting (host, cohost), newest first',
    params: inMeeting,
    query: Strict({ ...paging, status: Type.Optional(InviteStatus) }),
    answers: { 200: page(Invite) },
    problems: ['not-found', 'forbidden'],
  },
  myInvites: {
    method: 'GET',
    path: '/v1/invites',
    auth: 'user',
    rows: ['M12'],
    summary: 'My invites, by account and by verified e-mail address, newest first; not the revoked ones',
    query: Strict({
      ...paging,
      status: Type.Optional(Type.Union([Type.Literal('pending'), Type.Literal('accepted'), Type.Literal('declined')])),
    }),
    answers: { 200: page(ReceivedInvite) },
    problems: [],
  },
  openInvite: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/invites/:inviteId/open',
    auth: 'any',
    rows: ['M12'],
    summary: 'Read an invite of mine, or the one whose mail I got, by its token, before answering it',
    ...answering,
    problems: ['not-found', 'wrong-state'],
  },
  acceptInvite: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/invites/:inviteId/accept',
    auth: 'any',
    rows: ['M12'],
    summary: 'Accept an invite of mine, or the one whose mail I got, by its token (guests too)',
    ...answering,
  },
  declineInvite: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/invites/:inviteId/decline',
    auth: 'any',
    rows: ['M12'],
    summary: 'Decline an invite of mine, or the one whose mail I got, by its token (guests too)',
    ...answering,
  },
  revokeInvite: {
    method: 'DELETE',
    repeat: 'always',
    path: '/v1/invites/:inviteId',
    auth: 'user',
    rows: ['M12'],
    summary: 'Take an invite back (host, cohost)',
    params: byInvite,
    answers: { 200: Invite },
    problems: ['not-found', 'forbidden'],
  },
} as const satisfies Operations
