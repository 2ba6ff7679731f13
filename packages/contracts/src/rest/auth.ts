import Type, { type Static } from 'typebox'
import { Id, Instant, Nothing, Strict } from '../ids.ts'
import { AddressText, NameText, SecretText } from '../text.ts'
import { JsonFile, type Operations } from './operation.ts'

/** RFC 5321 limits the whole address to 254 characters. */
export const Email = AddressText({ minLength: 3, maxLength: 254 })
const Username = Type.String({ pattern: '^[a-z0-9][a-z0-9_.-]{1,30}[a-z0-9]$', minLength: 3, maxLength: 32 })
/** More than 72 bytes in UTF-8, in NFC, are refused too: bcrypt would ignore the rest. Its decomposed form may be longer. */
const NewPassword = SecretText({ minLength: 8, maxLength: 288, description: '8 characters to 72 bytes, as NFC' })
export const DisplayName = NameText({ minLength: 1, maxLength: 80 })

export const User = Type.Object(
  {
    id: Id,
    kind: Type.Union([Type.Literal('user'), Type.Literal('guest')]),
    email: Type.Union([Type.String(), Type.Null()]),
    emailVerified: Type.Boolean({ description: 'Whether the address has been shown to be theirs; false for guests' }),
    name: Type.String(),
    username: Type.Union([Type.String(), Type.Null()]),
    createdAt: Instant,
    updatedAt: { ...Instant, description: 'When the account last changed: its name, its password, its address' },
    avatarFileId: Type.Optional(Type.Union([Id, Type.Null()])),
    avatarUrl: Type.Optional(
      Type.Union([Type.String(), Type.Null()], { description: 'The bytes of the avatar, with an access token' }),
    ),
  },
  { title: 'User' },
)
export type User = Static<typeof User>

export const Tokens = Type.Object(
  {
    user: User,
    accessToken: Type.String(),
    tokenType: Type.Literal('Bearer'),
    expiresIn: Type.Integer({ description: 'Seconds until the access token expires' }),
    refreshToken: Type.Optional(
      Type.String({
        description:
          'With tokenDelivery "body", and for a guest beside a signed-in account; otherwise an HttpOnly cookie',
      }),
    ),
  },
  { title: 'Tokens' },
)
export type Tokens = Static<typeof Tokens>

const tokenDelivery = Type.Optional(
  Type.Union([Type.Literal('cookie'), Type.Literal('body')], {
    description: 'Where the refresh token goes',
    default: 'cookie',
  }),
)
const refreshDelivery = Type.Optional(
  Type.Union([Type.Literal('cookie'), Type.Literal('body')], {
    description: 'Where the new refresh token goes; the way the old one came, if absent',
  }),
)
const RefreshToken = Type.String({ minLength: 20, maxLength: 200 })

/** 256 random bits, base64url: what the link of a mail carries after `#token=`. */
const LinkToken = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', minLength: 43, maxLength: 43 })

export const Session = Type.Object(
  {
    id: Id,
    createdAt: Instant,
    lastUsedAt: Instant,
    userAgent: Type.Union([Type.String(), Type.Null()]),
    address: Type.Union([Type.String(), Type.Null()]),
    current: Type.Boolean({ description: 'Whether this very request belongs to it' }),
  },
  { title: 'Session' },
)
export type Session = Static<typeof Session>

export const SignInProvider = Type.Object(
  {
    id: Type.Literal('google'),
    name: Type.String({ description: 'For the button' }),
    url: Type.String({ description: 'Where the button leads, as a whole page; takes ?returnTo=' }),
  },
  { title: 'SignInProvider' },
)
export type SignInProvider = Static<typeof SignInProvider>

/** A path on our own origin: visible ASCII, no backslash, and not `//`, which browsers take for another host. */
const ReturnTo = Type.String({ pattern: '^/([!-.0-\\[\\]-~][!-\\[\\]-~]*)?$', maxLength: 512 })

/** The account that asks to confirm an e-mail address, for the address's owner to decide. */
export const VerificationRequest = Type.Object(
  {
    email: Type.String(),
    name: Type.String({ description: 'Of the account' }),
    createdAt: Instant,
    confirmed: Type.Boolean({ description: 'Whether the address is confirmed already' }),
  },
  { title: 'VerificationRequest' },
)
export type VerificationRequest = Static<typeof VerificationRequest>

export const JsonWebKey = Type.Object({
  kty: Type.String(),
  crv: Type.String(),
  x: Type.String(),
  kid: Type.String(),
  use: Type.String(),
  alg: Type.String(),
})

export const authOperations = {
  register: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/auth/register',
    auth: 'none',
    rows: ['A1'],
    summary: 'Make an account and sign in',
    body: Strict({
      email: Email,
      password: NewPassword,
      name: DisplayName,
      username: Type.Optional(Username),
      tokenDelivery,
    }),
    answers: { 201: Tokens },
    sends: { 201: ['set-cookie'] },
    problems: ['email-taken', 'username-taken', 'unavailable'],
    limit: { by: 'address', points: 600, seconds: 60 },
  },
  login: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/auth/login',
    auth: 'none',
    rows: ['A2'],
    summary: 'Sign in with e-mail and password',
    body: Strict({
      email: Type.String({ minLength: 1, maxLength: 254 }),
      password: Type.String({ minLength: 1, maxLength: 1024 }),
      tokenDelivery,
    }),
    answers: { 200: Tokens },
    sends: { 200: ['set-cookie'] },
    problems: ['invalid-credentials', 'account-disabled', 'unavailable'],
    limit: { by: 'address', points: 600, seconds: 60 },
  },
  guest: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/auth/guest',
    auth: 'none',
    rows: ['A8'],
    summary:
      'Get a guest identity, good for meetings that allow guests; a browser gets the same one again, by cookie, unless tokenDelivery is "body". Beside an account that is signed in by cookie, the refresh token is in the body',
    body: Strict({ name: DisplayName, tokenDelivery }),
    answers: { 201: Tokens },
    sends: { 201: ['set-cookie'] },
    problems: ['origin-not-allowed', 'account-disabled'],
    limit: { by: 'address', points: 600, seconds: 60 },
  },
  refresh: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/auth/refresh',
    auth: 'none',
    rows: ['A3', 'A12'],
    summary:
      'Exchange the refresh token (cookie or body) for new tokens; the old one is spent. A session may do so 120 times a minute',
    body: Strict({ refreshToken: Type.Optional(RefreshToken), tokenDelivery: refreshDelivery }),
    answers: { 200: Tokens },
    sends: { 200: ['set-cookie'] },
    problems: ['invalid-refresh-token', 'refresh-token-reused', 'account-disabled', 'origin-not-allowed'],
  },
  logout: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/auth/logout',
    auth: 'none',
    rows: ['A4'],
    summary: 'End this session, named by its refresh token (cookie or body) or its access token',
    body: Strict({ refreshToken: Type.Optional(RefreshToken) }),
    answers: { 204: null },
    sends: { 204: ['set-cookie'] },
    problems: ['origin-not-allowed'],
  },
  logoutAll: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/auth/logout-all',
    auth: 'any',
    rows: ['A4'],
    summary: 'End every session of this account; their sockets close within 2 s',
    body: Nothing,
    answers: { 204: null },
    sends: { 204: ['set-cookie'] },
    problems: [],
  },
  me: {
    method: 'GET',
    path: '/v1/auth/me',
    auth: 'any',
    rows: ['A5'],
    summary: 'The account that is signed in',
    answers: { 200: User },
    problems: [],
  },
  updateMe: {
    method: 'PATCH',
    repeat: 'never',
    path: '/v1/me',
    auth: 'user',
    rows: ['A5'],
    summary: 'Change name, user name or avatar',
    body: Strict(
      {
        name: Type.Optional(DisplayName),
        username: Type.Optional(Type.Union([Username, Type.Null()])),
        avatarFileId: Type.Optional(
          Type.Union([Id, Type.Null()], { description: 'A ready avatar of one’s own; null removes it' }),
        ),
      },
      { minProperties: 1 },
    ),
    answers: { 200: User },
    problems: ['username-taken', 'not-found', 'wrong-state', 'unavailable'],
  },
  exportMe: {
    method: 'GET',
    path: '/v1/auth/me/export',
    auth: 'user',
    rows: ['A5', 'O11'],
    summary: 'All that is known of my account, as one JSON file',
    bytes: { answer: true },
    answers: { 200: JsonFile },
    problems: ['unavailable'],
    limit: { by: 'principal', points: 5, seconds: 3600 },
  },
  eraseMe: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/auth/me/erase',
    auth: 'user',
    rows: ['A5', 'O11'],
    summary:
      'Delete my account for good: every session ends, and what others keep names a deleted user; with the password, or, without one, within 10 minutes of the sign-in',
    body: Strict({ currentPassword: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })) }),
    answers: { 204: null },
    problems: ['invalid-credentials', 'unavailable'],
    limit: { by: 'principal', points: 10, seconds: 1800 },
  },
  changePassword: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/auth/change-password',
    auth: 'user',
    rows: ['A6'],
    summary: 'Change the password; every other session ends and its sockets close within 2 s',
    body: Strict({ currentPassword: Type.String({ minLength: 1, maxLength: 1024 }), newPassword: NewPassword }),
    answers: { 204: null },
    problems: ['invalid-credentials', 'unavailable'],
    limit: { by: 'principal', points: 10, seconds: 1800 },
  },
  sessions: {
    method: 'GET',
    path: '/v1/auth/sessions',
    auth: 'any',
    rows: ['A9'],
    summary: 'Where this account is signed in, last used first; the 100 last ones',
    answers: { 200: Type.Object({ items: Type.Array(Session) }) },
    problems: [],
  },
  endSession: {
    method: 'DELETE',
    repeat: 'always',
    path: '/v1/auth/sessions/:id',
    auth: 'any',
    rows: ['A9'],
    summary: "End one of this account's sessions; its sockets close within 2 s",
    params: Strict({ id: Id }),
    answers: { 204: null },
    sends: { 204: ['set-cookie'] },
    problems: ['not-found'],
  },
  forgotPassword: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/auth/forgot-password',
    auth: 'none',
    rows: ['A11'],
    summary:
      'Send a mail with a link to set a new password; the answer is the same whether or not there is such an account',
    body: Strict({ email: Email }),
    answers: { 202: Type.Object({}) },
    problems: [],
    limit: { by: 'address', points: 120, seconds: 600 },
  },
  resetPassword: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/auth/reset-password',
    auth: 'none',
    rows: ['A11'],
    summary:
      'Set a new password with the token of the mail; every session ends, and the e-mail address counts as verified',
    body: Strict({ token: LinkToken, newPassword: NewPassword }),
    answers: { 204: null },
    problems: ['invalid-link', 'unavailable'],
    limit: { by: 'address', points: 600, seconds: 600 },
  },
  verifyEmail: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/auth/verify-email',
    auth: 'none',
    rows: ['A11'],
    summary: 'Confirm the e-mail address with the token of the mail',
    body: Strict({ token: LinkToken }),
    answers: { 204: null },
    problems: ['invalid-link'],
    limit: { by: 'address', points: 600, seconds: 600 },
  },
  readVerification: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/auth/verify-email/look',
    auth: 'none',
    rows: ['A11'],
    summary: 'Which account asks to confirm its e-mail address with the token of the mail; changes nothing',
    body: Strict({ token: LinkToken }),
    answers: { 200: VerificationRequest },
    problems: ['invalid-link'],
    limit: { by: 'address', points: 600, seconds: 600 },
  },
  refuseVerification: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/auth/verify-email/refuse',
    auth: 'none',
    rows: ['A11'],
    summary: 'Say with the token of the mail that the account is not theirs: the address gets no more such mails',
    body: Strict({ token: LinkToken }),
    answers: { 204: null },
    problems: ['invalid-link'],
    limit: { by: 'address', points: 600, seconds: 600 },
  },
  resendVerification: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/auth/verify-email/resend',
    auth: 'user',
    rows: ['A11'],
    summary: 'Send the verification mail again, unless the address is verified',
    body: Nothing,
    answers: { 202: Type.Object({}) },
    problems: [],
    limit: { by: 'principal', points: 5, seconds: 3600 },
  },
  providers: {
    method: 'GET',
    path: '/v1/auth/providers',
    auth: 'none',
    rows: ['A7'],
    summary: 'The providers that one may sign in with',
    answers: { 200: Type.Object({ items: Type.Array(SignInProvider) }) },
    problems: [],
  },
  startOauth: {
    method: 'GET',
    path: '/v1/auth/oauth/google',
    auth: 'none',
    rows: ['A7'],
    summary:
      'Begin to sign in at the provider: a whole page goes there, not a fetch. OIDC authorization code with PKCE',
    query: Strict({ returnTo: Type.Optional(ReturnTo) }),
    answers: { 302: null },
    sends: { 302: ['location', 'set-cookie'] },
    problems: ['not-found'],
    limit: { by: 'address', points: 600, seconds: 60 },
  },
  finishOauth: {
    method: 'GET',
    path: '/v1/auth/oauth/google/callback',
    auth: 'none',
    rows: ['A7'],
    summary:
      'Where the provider sends the browser back: sets the refresh cookie and leads on to returnTo, or to /signin?problem=<code>',
    // Every request is answered with a page, never with a problem in JSON; what else a provider adds is to be ignored
    // (RFC 6749, 4.1.2).
    query: Type.Object(
      { code: Type.Optional(Type.Unknown()), state: Type.Optional(Type.Unknown()) },
      { additionalProperties: true },
    ),
    answers: { 302: null },
    sends: { 302: ['location', 'set-cookie'] },
    problems: ['not-found'],
    limit: { by: 'address', points: 600, seconds: 60 },
  },
  oauth: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/auth/oauth/google',
    auth: 'none',
    rows: ['A7'],
    summary: 'Sign in with an ID token that the provider gave to a client of ours',
    body: Strict({
      idToken: Type.String({ minLength: 20, maxLength: 8192 }),
      nonce: Type.Optional(
        Type.String({ minLength: 1, maxLength: 256, description: 'If given, the ID token must carry it' }),
      ),
      tokenDelivery,
    }),
    answers: { 200: Tokens },
    sends: { 200: ['set-cookie'] },
    problems: ['oauth-failed', 'account-disabled', 'identity-conflict', 'not-found', 'unavailable'],
    limit: { by: 'address', points: 600, seconds: 60 },
  },
  jwks: {
    method: 'GET',
    path: '/.well-known/jwks.json',
    auth: 'none',
    rows: ['A10'],
    summary: 'Public keys of access tokens (RFC 7517)',
    answers: { 200: Type.Object({ keys: Type.Array(JsonWebKey) }) },
    problems: [],
  },
} as const satisfies Operations
