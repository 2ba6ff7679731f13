import { closeCodes, type CloseReason } from '@parley/contracts'

/** How a socket ended. `code` as in RFC 6455, 1006 when the network just went; `opened`: whether it was ever open. */
export interface Loss {
  code: number
  reason: string
  opened: boolean
}

/** The reaction to the end of a socket. */
export type Meaning =
  | 'resume'
  /** The access token is not, or no longer, good. */
  | 'renew'
  | 'left'
  | 'removed'
  | 'ended'
  /** Another socket has this session. */
  | 'elsewhere'
  /** A fault of this SDK; repeating it would not help. */
  | 'fault'

const meanings = {
  normal: 'left',
  goingAway: 'resume',
  invalidFrame: 'fault',
  invalidText: 'fault',
  tooManyFragments: 'fault',
  frameTooLarge: 'fault',
  serverGoingAway: 'resume',
  internal: 'resume',
  protocolViolation: 'fault',
  unauthenticated: 'renew',
  removed: 'removed',
  noHeartbeat: 'resume',
  resumedElsewhere: 'elsewhere',
  meetingEnded: 'ended',
  tooSlow: 'resume',
  tooManyMessages: 'resume',
} as const satisfies Record<CloseReason, Meaning>

const byCode = new Map<number, Meaning>(
  (Object.keys(meanings) as CloseReason[]).map((name) => [closeCodes[name].code, meanings[name]]),
)

/** The meaning of a close code; one that we do not know (1005, 1006, a proxy's own) is a lost connection. */
export const meaningOf = (code: number): Meaning => byCode.get(code) ?? 'resume'
