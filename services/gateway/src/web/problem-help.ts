import type { ProblemCode } from '@parley/contracts'

/** The meaning and the remedy of each problem, for the page that its `type` URI opens. */
export const help = {
  'invalid-input':
    'Something in the request does not match its schema: look at `errors`, correct each field named there, and send it again.',
  'malformed-json': 'The body could not be parsed as JSON: send UTF-8 JSON with Content-Type: application/json.',
  unauthenticated:
    'The access token is missing, not valid, or its session has ended: sign in and send it as Authorization: Bearer.',
  'token-expired': 'The access token is too old: get a new one with POST /v1/auth/refresh and repeat the request.',
  'invalid-credentials': 'E-mail and password do not belong together: check both, or make an account.',
  'invalid-refresh-token': 'The refresh token is unknown, expired or revoked: sign in again.',
  'refresh-token-reused':
    'The refresh token had been exchanged before, so its whole session was ended as a precaution: sign in again.',
  forbidden: 'You are known but may not do this: ask somebody whose role allows it, such as the host.',
  'account-disabled':
    'An operator of this server has disabled the account, so nobody can sign in with it: ask them to enable it.',
  'email-not-verified':
    'Mail goes to others only for those who have confirmed their own address: open the link in the mail you got, or ask for another with POST /v1/auth/verify-email/resend.',
  'origin-not-allowed':
    'The page that sent this is not served from an allowed origin. If it is our own, the operator sets PUBLIC_URL to it, or TRUST_PROXY to the proxy in front; if it is another frontend, the operator adds it to ALLOWED_ORIGINS.',
  'guests-not-allowed': 'The host admits accounts only: sign in with an account and join again.',
  'not-admitted':
    'The meeting does not admit you, because it is private, you are not invited, or you were removed: ask the host.',
  'removed-from-meeting':
    'The host or a cohost sent you out of this meeting for good: only they can take that back, with DELETE …/bans/:userId.',
  'join-token-invalid':
    'The join token is unknown, has been used as often as it may, has expired or was revoked: ask the host for a new one.',
  'passcode-required':
    'The meeting has a passcode, and none or a wrong one was sent: ask the host for it and send it as `passcode`.',
  'room-token-invalid':
    'A room token is good for one person, one meeting, once and for two minutes: ask for a new one and join with it.',
  'not-found': 'There is no such thing, or not for you: check the address and the id.',
  'peer-not-found': 'The participant you addressed is not in the room (any more): drop the connection to that peer.',
  'method-not-allowed':
    'The address exists but not with this method: the Allow header of the answer lists those it has.',
  'invalid-link':
    'A link in a mail works once, for a limited time, and only the newest one does: ask for another mail.',
  'oauth-failed':
    'The provider did not confirm who you are, or its answer came too late or was altered: begin the sign-in anew.',
  'identity-conflict':
    'There is an account with this e-mail address, and it is not certain that it is yours: sign in with its password and confirm the address, or use the forgotten-password mail. Then sign in at the provider again.',
  'email-taken': 'There is an account with this e-mail address: sign in to it, or use another address.',
  'username-taken': 'Somebody has this user name: choose another.',
  'version-conflict':
    'Somebody changed it since you read it: read it again, apply your change to that, and send the new version in If-Match.',
  'idempotency-conflict':
    'The same idempotency key or message id was used for a different request: make a new one for each new request.',
  'meeting-full': 'The meeting has reached its number of participants: try again when somebody has left.',
  'seat-limit':
    'You are in this meeting on as many devices as one person may use: leave on one of them, then join again.',
  'meeting-over': 'The meeting has ended or was cancelled: there is nothing to enter any more.',
  'resume-failed': 'The session is gone or its token was used: ask for a room token and join again.',
  'not-sfu':
    'The people of this meeting are connected with each other directly: use `rtc.signal`. When it moves to the SFU, `sfu.changed` says so.',
  'recording-running':
    'A meeting is recorded once at a time: `recordingId` is the recording that goes on; stop it, or use it.',
  'recording-needs-sfu':
    'Recording needs a media server (Janus) and a folder that it records to: the operator sets JANUS_SERVERS and JANUS_RECORDINGS_DIR.',
  'wrong-state':
    'This cannot be done at this point, such as sending to a room before joining it: follow the order of the protocol.',
  'precondition-required': 'This change is only made to what you have read: send the ETag of your reading in If-Match.',
  'range-not-satisfiable':
    'The range of bytes begins behind the end of the file, or does not fit the file as it was announced: Content-Range says how long it is.',
  'file-refused':
    'The bytes are of another type than was said, of one that is not taken, damaged, or harmful: the detail says which. Upload another file.',
  'quota-exceeded': 'Your files, or those of the meeting, take all the room there is: delete some that are not needed.',
  'link-expired': 'The link is too old or was altered: ask for a new one at GET /v1/files/{id}/link.',
  'too-large': 'The body or message is larger than allowed: send less at once.',
  'unsupported-media-type':
    'The content type is not one this address takes: send application/json, in UTF-8, not compressed.',
  'headers-too-large': 'All headers together may have 16 KiB: look for a cookie or a token that has grown too long.',
  'rate-limited':
    'Too many requests came from this address or account: wait as long as Retry-After says, then go on more slowly.',
  'unknown-type': 'The type of the WebSocket message is none of the protocol: compare it with /asyncapi.json.',
  internal:
    'Something failed that should not have: try again, and give the operator the requestId if it happens again.',
  unavailable: 'A part of the service cannot be reached at the moment: try again after Retry-After.',
  'sfu-unavailable':
    'No media server (Janus) is there, in good health and taking meetings. Chat and signaling work; try again in a few seconds, or look at JANUS_SERVERS of the media service.',
  'deadline-exceeded':
    'A part of the service did not answer in time: read whether the request took effect before repeating what is not idempotent.',
} as const satisfies Record<ProblemCode, string>
