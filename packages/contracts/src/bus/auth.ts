import Type, { type Static } from 'typebox'
import { Id } from '../ids.ts'
import { JsonWebKey } from '../rest/auth.ts'
import { event, request } from './subject.ts'

/** One revocation: a whole session, or every token of a user that was issued under an older epoch. */
export const Revocation = Type.Object({
  kind: Type.Union([Type.Literal('user'), Type.Literal('session')]),
  id: Id,
  epoch: Type.Optional(Type.Integer({ description: 'For a user: tokens with a smaller epoch are dead' })),
  at: Type.Integer({ description: 'Milliseconds since 1970' }),
})
export type Revocation = Static<typeof Revocation>

export const authBus = {
  /** Public keys of access tokens. */
  keys: request('auth.keys', { input: Type.Object({}), output: Type.Object({ keys: Type.Array(JsonWebKey) }) }),
  /** Revocations since a time (ms); edges poll it, so that a lost `revoked` event heals within a second. */
  revocations: request('auth.revocations', {
    input: Type.Object({ since: Type.Integer() }),
    output: Type.Object({ items: Type.Array(Revocation), now: Type.Integer() }),
  }),
  /** An account, for services that need its address. Problem `not-found` for guests and for nobody. */
  account: request('auth.account', {
    input: Type.Object({ userId: Id }),
    output: Type.Object({
      name: Type.String(),
      email: Type.String(),
      emailVerified: Type.Boolean(),
      avatarFileId: Type.Optional(Id),
    }),
  }),
  /** Which of these are no accounts or guests (any more): what belongs to them goes. */
  gone: request('auth.gone', {
    input: Type.Object({ userIds: Type.Array(Id, { maxItems: 500 }) }),
    output: Type.Object({ gone: Type.Array(Id) }),
  }),
  /** An account has another name than `before`. A hint, may be lost: `meetings.rename` follows. */
  renamed: event('auth.renamed', Type.Object({ userId: Id, before: Type.String(), name: Type.String() })),
  revoked: event('auth.revoked', Revocation),
} as const
