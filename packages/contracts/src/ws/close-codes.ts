/** Close codes of `parley.v1` and what a client does about them. `renew`: it refreshes its access token, then resumes. */
export const closeCodes = {
  normal: { code: 1000, client: 'stop' },
  goingAway: { code: 1001, client: 'resume' },
  invalidFrame: { code: 1002, client: 'fix' },
  invalidText: { code: 1007, client: 'fix' },
  tooManyFragments: { code: 1008, client: 'fix' },
  frameTooLarge: { code: 1009, client: 'fix' },
  serverGoingAway: { code: 1012, client: 'resume' },
  internal: { code: 1011, client: 'resume' },
  protocolViolation: { code: 4400, client: 'fix' },
  unauthenticated: { code: 4401, client: 'renew' },
  removed: { code: 4403, client: 'stop' },
  noHeartbeat: { code: 4408, client: 'resume' },
  resumedElsewhere: { code: 4409, client: 'stop' },
  meetingEnded: { code: 4410, client: 'stop' },
  tooSlow: { code: 4413, client: 'resume' },
  tooManyMessages: { code: 4429, client: 'resume' },
} as const satisfies Record<string, { code: number; client: 'stop' | 'resume' | 'fix' | 'renew' }>

export type CloseReason = keyof typeof closeCodes
