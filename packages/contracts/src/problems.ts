import Type, { type Static } from 'typebox'

interface ProblemKind {
  status: number
  title: string
  /** True when the same request may succeed later without a change. */
  retryable: boolean
}

/**
 * Every problem Parley answers with, by its stable code (RFC 9457). The code is also the last segment of the
 * `type` URI, `/problems/<code>`, where the gateway explains it.
 */
export const problems = {
  'invalid-input': { status: 400, title: 'The request does not match its schema', retryable: false },
  'malformed-json': { status: 400, title: 'The body is not valid JSON', retryable: false },
  unauthenticated: { status: 401, title: 'A valid access token is needed', retryable: false },
  'token-expired': { status: 401, title: 'The access token has expired', retryable: false },
  'invalid-credentials': { status: 401, title: 'E-mail or password is wrong', retryable: false },
  'invalid-refresh-token': { status: 401, title: 'The refresh token is not valid', retryable: false },
  'refresh-token-reused': { status: 401, title: 'The refresh token was used before', retryable: false },
  forbidden: { status: 403, title: 'Not allowed', retryable: false },
  'account-disabled': { status: 401, title: 'The account is disabled', retryable: false },
  'email-not-verified': { status: 403, title: 'Confirm your e-mail address first', retryable: false },
  'origin-not-allowed': { status: 403, title: 'The origin is not allowed', retryable: false },
  'guests-not-allowed': { status: 403, title: 'This meeting does not admit guests', retryable: false },
  'not-admitted': { status: 403, title: 'You may not enter this meeting', retryable: false },
  'removed-from-meeting': { status: 403, title: 'You were removed from this meeting', retryable: false },
  'join-token-invalid': { status: 403, title: 'The join token is used, expired or revoked', retryable: false },
  'passcode-required': { status: 403, title: 'The passcode is missing or wrong', retryable: false },
  'room-token-invalid': { status: 403, title: 'The room token is used, expired or not yours', retryable: false },
  'not-found': { status: 404, title: 'Not found', retryable: false },
  'peer-not-found': { status: 404, title: 'That participant is not in the room', retryable: false },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here', retryable: false },
  'invalid-link': { status: 400, title: 'The link is used, expired or unknown', retryable: false },
  'oauth-failed': { status: 401, title: 'The sign-in at the provider did not succeed', retryable: false },
  'identity-conflict': { status: 409, title: 'An account with this e-mail address is not linked', retryable: false },
  'email-taken': { status: 409, title: 'The e-mail address is in use', retryable: false },
  'username-taken': { status: 409, title: 'The user name is in use', retryable: false },
  'version-conflict': { status: 409, title: 'Somebody else changed it first', retryable: false },
  'idempotency-conflict': { status: 409, title: 'The same key was used for another request', retryable: false },
  'meeting-full': { status: 409, title: 'The meeting is full', retryable: true },
  'seat-limit': { status: 409, title: 'You are in this meeting on too many devices', retryable: true },
  'meeting-over': { status: 410, title: 'The meeting has ended or was cancelled', retryable: false },
  'resume-failed': { status: 409, title: 'The session cannot be resumed', retryable: false },
  'not-sfu': { status: 409, title: 'The meeting has no room in the SFU', retryable: false },
  'recording-running': { status: 409, title: 'The meeting is being recorded already', retryable: false },
  'recording-needs-sfu': { status: 409, title: 'This server cannot record', retryable: false },
  'wrong-state': { status: 409, title: 'Not possible in this state', retryable: false },
  'precondition-required': { status: 428, title: 'The request needs an If-Match header', retryable: false },
  'range-not-satisfiable': { status: 416, title: 'The range lies outside of the file', retryable: false },
  'file-refused': {
    status: 422,
    title: 'The file does not match its declared type, or its type is not allowed',
    retryable: false,
  },
  'quota-exceeded': { status: 409, title: 'There is no room for more', retryable: false },
  'link-expired': { status: 403, title: 'The link is expired or not valid', retryable: false },
  'too-large': { status: 413, title: 'Too large', retryable: false },
  'unsupported-media-type': { status: 415, title: 'The content type is not supported', retryable: false },
  'headers-too-large': { status: 431, title: 'The headers are too large', retryable: false },
  'rate-limited': { status: 429, title: 'Too many requests', retryable: true },
  'unknown-type': { status: 400, title: 'The message type is unknown', retryable: false },
  internal: { status: 500, title: 'Something went wrong on our side', retryable: true },
  unavailable: { status: 503, title: 'Temporarily not available', retryable: true },
  'sfu-unavailable': { status: 503, title: 'No media server can take the meeting now', retryable: true },
  'deadline-exceeded': { status: 504, title: 'It took too long', retryable: true },
} as const satisfies Record<string, ProblemKind>

export type ProblemCode = keyof typeof problems

/** One fault of an input: `path` is a JSON pointer into the body, or `query.x`, `params.x`, `headers.x`. */
export const Fault = Type.Object({ path: Type.String(), message: Type.String() })

/** Problem details, RFC 9457, with the extension members of `product.md`. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String({ description: 'Stable; one of the catalogue at /problems' }),
    requestId: Type.Optional(Type.String()),
    traceId: Type.Optional(Type.String({ description: 'Of the trace (W3C), where traces are recorded' })),
    retryable: Type.Boolean(),
    retryAfterMs: Type.Optional(Type.Integer({ description: 'How long to wait before trying again' })),
    errors: Type.Optional(Type.Array(Fault)),
    next: Type.Optional(Type.String({ description: 'A hint at what to do instead, e.g. "rejoin"' })),
    currentVersion: Type.Optional(Type.Integer()),
    recordingId: Type.Optional(Type.String({ description: 'The recording that goes on' })),
    sizeBytes: Type.Optional(Type.Integer({ description: 'Of the file, when a range lies outside of it' })),
  },
  { title: 'Problem' },
)
export type Problem = Static<typeof Problem>
