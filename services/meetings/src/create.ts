import type { Meeting, meetingsOperations, Principal } from '@parley/contracts'
import { newId, type Call } from '@parley/kit'
import { newCode } from './codes.ts'
import { now, type Context } from './context.ts'
import { answeredBefore, onceIn, requestKey } from './idempotency.ts'
import { defaultSettings, toMeeting } from './meeting.ts'
import { hashPasscode } from './passcode.ts'
import { scheduleOrThrow, timeZoneOrThrow } from './schedule.ts'
import { insertMeeting } from './store/meetings.ts'
import type { Db, MeetingRow } from './tables.ts'

type Body = Call<typeof meetingsOperations.createMeeting>['body']

interface NewMeeting {
  body: Body
  principal: Principal
  base: string
  idempotencyKey: string | undefined
}

/** Makes a meeting; under a key that was used before, answers the meeting that was made then. */
export async function createMeeting(
  context: Context,
  { body, principal, base, idempotencyKey }: NewMeeting,
): Promise<Meeting> {
  const request = idempotencyKey === undefined ? null : requestKey(principal.userId, idempotencyKey, body)
  const before = request && (await answeredBefore(context, request))
  if (before !== null) return before
  const draft = await draftOf(context, { body, principal, base })
  const insert = async (db: Db): Promise<Meeting> => toMeeting(await insertMeeting(db, draft, newCode), base)
  if (request === null) return insert(context.db)
  return context.db.transaction().execute((trx) => onceIn(trx, request, draft.created_at, () => insert(trx)))
}

async function draftOf(
  context: Context,
  { body, principal, base }: Omit<NewMeeting, 'idempotencyKey'>,
): Promise<Omit<MeetingRow, 'code'>> {
  const at = now(context)
  const scheduledAt = scheduleOrThrow(body.scheduledAt, at.getTime())
  const timeZone = timeZoneOrThrow(body.timeZone ?? 'UTC')
  return {
    id: newId(),
    title: body.title ?? 'Meeting',
    description: body.description ?? '',
    type: body.type ?? 'public',
    status: scheduledAt !== null && scheduledAt > at ? 'scheduled' : 'waiting',
    host_id: principal.userId,
    host_name: principal.name,
    scheduled_at: scheduledAt,
    duration_minutes: body.durationMinutes ?? null,
    time_zone: timeZone,
    passcode_hash: body.passcode === undefined ? null : await hashPasscode(body.passcode),
    max_participants: body.maxParticipants ?? 50,
    settings: { ...defaultSettings, ...body.settings },
    version: 1,
    lobby_version: 0,
    room_seq: 0,
    public_base: base,
    created_at: at,
    started_at: null,
    ended_at: null,
    end_reason: null,
    empty_since: null,
    deleted_at: null,
    starting_told: null,
  }
}
