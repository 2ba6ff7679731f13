import type { LobbyDecision } from '@parley/contracts'
import { decideAdmission, type Admission } from '../admission.ts'
import type { Context } from '../context.ts'
import { liveMeeting } from '../redeem.ts'
import { admissionFactsOf } from '../standing.ts'
import { findMembers } from '../store/members.ts'
import { findMeeting } from '../store/meetings.ts'
import type { MeetingRow } from '../tables.ts'
import type { LobbyRow, MemberRow } from '../tables-admission.ts'

type Refusal = Extract<LobbyDecision, { admitted: false }>['reason']

export const refused = (participantId: string, reason: Refusal): LobbyDecision => ({
  participantId,
  admitted: false,
  reason,
})

/**
 * The decisions on those of these entries that were admitted: each is decided on again by what is true now, for much may have
 * changed since somebody let them in. The same each time it is asked for, but for that.
 */
export async function admittedTo(
  context: Context,
  meetingId: string,
  entries: readonly LobbyRow[],
): Promise<ReadonlyMap<string, LobbyDecision>> {
  const admitted = entries.filter(({ status }) => status === 'admitted')
  if (admitted.length === 0) return new Map()
  const userIds = admitted.map((entry) => entry.user_id)
  // One look at both: a number that was older than what is decided on would let an older command undo it.
  const { row, members } = await context.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => ({
      row: await findMeeting(trx, meetingId),
      members: await findMembers(trx, meetingId, userIds),
    }))
  const decide = (entry: LobbyRow): LobbyDecision =>
    row === undefined
      ? refused(entry.participant_id, 'ended')
      : decisionFor(context, entry, { row, member: members.find(({ user_id }) => user_id === entry.user_id) })
  return new Map(admitted.map((entry) => [entry.participant_id, decide(entry)]))
}

interface Known {
  row: MeetingRow
  member: MemberRow | undefined
}

function decisionFor(context: Context, entry: LobbyRow, { row, member }: Known): LobbyDecision {
  const { participant_id: participantId, user_id: userId, name, guest } = entry
  // The moderator who let them in saw them at the door: they are not asked for a key.
  const shown = { guest, byCode: true, joinToken: null, passcode: row.passcode_hash }
  const admission = decideAdmission(admissionFactsOf({ meeting: row, userId, member, stay: undefined }, shown, false))
  if (admission.kind !== 'enter') return refused(participantId, reasonOf(admission))
  const meeting = liveMeeting(context, row, entry.decided_at ?? entry.asked_at)
  const { room_seq: asOf } = row
  const { role } = admission
  const grant = { participantId, userId, name, role, guest, admission: 'enter', meeting, asOf } as const
  return { participantId, admitted: true, grant }
}

function reasonOf(admission: Exclude<Admission, { kind: 'enter' }>): Refusal {
  if (admission.kind !== 'refuse') return 'removed'
  switch (admission.problem) {
    case 'removed-from-meeting':
      return 'removed'
    case 'meeting-over':
      return 'ended'
    default:
      return 'rejected'
  }
}
