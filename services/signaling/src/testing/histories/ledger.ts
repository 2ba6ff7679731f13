import type { Meeting, Role, Seat } from '@parley/contracts'
import { aMeeting } from '../a-meeting.ts'

/** Somebody who comes and goes; each coming is another participant of the same user. */
export interface LedgerUser {
  userId: string
  role: Role
  /** Of the last coming; null before the first. */
  participantId: string | null
}

/**
 * The facts known outside the room, which the room has to agree with: who is who, which resume tokens were given out, what
 * the meeting is. Written from the protocol, not from the room's rules.
 */
export interface Ledger {
  users: LedgerUser[]
  /** By participant: the token in force, and the one before, whose answer may have been lost. */
  tokens: Map<string, { current: string; before: string | null }>
  /** Everything ever given out, oldest first, by participant. */
  given: Map<string, string[]>
  meeting: Meeting
  now: number
  serial: number
}

export const nodes = ['n1', 'n2', 'n3'] as const
export const maxParticipants = 4

/** Six people, two of whom are the same user with two devices: two more than the meeting takes. */
export const newLedger = (): Ledger => ({
  users: (['host', 'participant', 'participant', 'participant', 'guest', 'participant'] as const).map(
    (role, index) => ({ userId: `user-${index === 5 ? 1 : index}`, role, participantId: null }),
  ),
  tokens: new Map(),
  given: new Map(),
  meeting: aMeeting({ maxParticipants }),
  now: 1_000_000,
  serial: 0,
})

/** A token that was never given out before. */
export function newToken(ledger: Ledger): string {
  ledger.serial += 1
  return `token-${ledger.serial}`
}

/** Notes that `token` was given to a participant, who showed `shown` for it. */
export function give(ledger: Ledger, participantId: string, token: string, shown: string | null): void {
  ledger.tokens.set(participantId, { current: token, before: shown })
  ledger.given.set(participantId, [...(ledger.given.get(participantId) ?? []), token])
}

export function seatFor(ledger: Ledger, user: LedgerUser, node: string): Seat {
  ledger.serial += 1
  const id = `p-${ledger.serial}`
  return {
    participant: {
      id,
      userId: user.userId,
      name: id,
      role: user.role,
      guest: user.role === 'guest',
      mic: true,
      cam: true,
      screen: false,
      hand: null,
      connection: 'connected',
      joinedAt: '2026-01-01T00:00:00.000Z',
    },
    node,
    sessionId: `s-${id}`,
    resumeHash: newToken(ledger),
    lostAt: null,
  }
}
