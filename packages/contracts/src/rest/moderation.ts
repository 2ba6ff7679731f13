import Type, { type Static } from 'typebox'
import { Id, Instant, Nothing, Strict } from '../ids.ts'
import { Role } from '../roles.ts'
import { JoinToken, Meeting, paging, PasscodeGuesses } from './meetings.ts'
import type { Operations } from './operation.ts'

const byId = Strict({ id: Id })
const byUser = Strict({ id: Id, userId: Id })
const page = <S extends Type.TSchema>(item: S) =>
  Type.Object({ items: Type.Array(item), nextCursor: Type.Union([Type.String(), Type.Null()]) })

/** Somebody who may not come back. */
export const Ban = Type.Object(
  { userId: Id, name: Type.String({ description: 'As last shown' }), bannedBy: Id, bannedAt: Instant },
  { title: 'Ban' },
)
export type Ban = Static<typeof Ban>

const TokenRole = Type.Union([Type.Literal('cohost'), Type.Literal('participant'), Type.Literal('guest')])
const token = {
  id: Id,
  role: TokenRole,
  createdAt: Instant,
  expiresAt: Instant,
  uses: Type.Integer({ description: 'By how many people it may be used' }),
  usesLeft: Type.Integer(),
  createdBy: Type.Object({ userId: Id, name: Type.String() }, { description: 'Their name as of then' }),
}
/** A key to a meeting for people the host has chosen; the token itself is shown only when it is made. */
export const JoinTokenInfo = Type.Object(token, { title: 'JoinTokenInfo' })
export type JoinTokenInfo = Static<typeof JoinTokenInfo>
const NewJoinToken = Type.Object({ ...token, joinToken: JoinToken }, { title: 'NewJoinToken' })

/** The defaults of a new join token: one use, for a day. */
export const joinTokenDefaults = { role: 'participant', expiresInSeconds: 86_400, uses: 1 } as const

export const moderationOperations = {
  createJoinToken: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/meetings/:id/tokens',
    auth: 'any',
    rows: ['M9'],
    summary: 'Make a join token (host, cohost): who has it enters past invitation, passcode and lobby',
    params: byId,
    body: Strict({
      role: Type.Optional({ ...TokenRole, default: joinTokenDefaults.role }),
      expiresInSeconds: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 31_536_000, default: joinTokenDefaults.expiresInSeconds }),
      ),
      uses: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: joinTokenDefaults.uses })),
    }),
    answers: { 201: NewJoinToken },
    problems: ['not-found', 'forbidden', 'meeting-over', 'wrong-state'],
    limit: { by: 'principal', points: 120, seconds: 60 },
  },
  listJoinTokens: {
    method: 'GET',
    path: '/v1/meetings/:id/tokens',
    auth: 'any',
    rows: ['M9'],
    summary: 'Join tokens that are not revoked (host, cohost), newest first',
    params: byId,
    query: Strict(paging),
    answers: { 200: page(JoinTokenInfo) },
    problems: ['not-found', 'forbidden'],
  },
  revokeJoinToken: {
    method: 'DELETE',
    repeat: 'always',
    path: '/v1/meetings/:id/tokens/:tokenId',
    auth: 'any',
    rows: ['M9'],
    summary: 'Revoke a join token (host, cohost)',
    params: Strict({ id: Id, tokenId: Id }),
    answers: { 204: null },
    problems: ['not-found', 'forbidden'],
  },
  leave: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/meetings/:id/leave',
    auth: 'any',
    rows: ['M10'],
    summary: 'Leave a meeting or its lobby, on all my devices',
    params: byId,
    body: Nothing,
    answers: { 204: null },
    problems: ['not-found'],
  },
  goodbye: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/meetings/:id/goodbye',
    auth: 'any',
    rows: ['M10', 'R8'],
    summary:
      'Say that the page of a participant of mine goes away: it leaves soon, unless it has resumed its session by then',
    params: byId,
    body: Strict({ participantId: Id }),
    answers: { 202: Type.Object({}) },
    problems: [],
    limit: { by: 'principal', points: 60, seconds: 60 },
  },
  kick: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/meetings/:id/kick',
    auth: 'any',
    rows: ['M10'],
    summary: 'Send somebody out (host, cohost): the next time they wait in the lobby; with ban they stay out',
    params: byId,
    body: Strict({ userId: Id, ban: Type.Optional(Type.Boolean()) }),
    answers: { 204: null },
    problems: ['not-found', 'forbidden'],
  },
  listBans: {
    method: 'GET',
    path: '/v1/meetings/:id/bans',
    auth: 'any',
    rows: ['M10'],
    summary: 'The banned people (host, cohost), newest first',
    params: byId,
    query: Strict(paging),
    answers: { 200: page(Ban) },
    problems: ['not-found', 'forbidden'],
  },
  unban: {
    method: 'DELETE',
    repeat: 'always',
    path: '/v1/meetings/:id/bans/:userId',
    auth: 'any',
    rows: ['M10'],
    summary: 'Take a ban back (host, cohost): that person may ask in the lobby again',
    params: byUser,
    answers: { 204: null },
    problems: ['not-found', 'forbidden'],
  },
  passcodeGuesses: {
    method: 'GET',
    path: '/v1/meetings/:id/passcode-guesses',
    auth: 'any',
    rows: ['M17'],
    summary: 'The state of passcode guessing (host, cohost)',
    params: byId,
    answers: { 200: PasscodeGuesses },
    problems: ['not-found', 'forbidden'],
  },
  liftPasscodeLock: {
    method: 'DELETE',
    repeat: 'always',
    path: '/v1/meetings/:id/passcode-guesses',
    auth: 'any',
    rows: ['M17'],
    summary: 'Forget the wrong passcodes (host, cohost): whoever was locked out may try again',
    params: byId,
    answers: { 204: null },
    problems: ['not-found', 'forbidden'],
  },
  setRole: {
    method: 'PUT',
    repeat: 'always',
    path: '/v1/meetings/:id/participants/:userId/role',
    auth: 'user',
    rows: ['M10'],
    summary: 'Give somebody another role for this meeting (host)',
    params: byUser,
    body: Strict({ role: Type.Union([Type.Literal('cohost'), Type.Literal('participant')]) }),
    answers: { 200: Type.Object({ userId: Id, role: Role }) },
    problems: ['not-found', 'forbidden', 'meeting-over'],
  },
  handOver: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/meetings/:id/host',
    auth: 'user',
    rows: ['M10'],
    summary: 'Hand the meeting over to somebody who is or was in it; the host of before becomes cohost',
    params: byId,
    body: Strict({ userId: Id }),
    answers: { 200: Meeting },
    sends: { 200: ['etag'] },
    problems: ['not-found', 'forbidden', 'meeting-over'],
  },
} as const satisfies Operations
