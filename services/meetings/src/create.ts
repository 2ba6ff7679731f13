import { meetingDefaults, type Meeting, type meetingsOperations, type Principal } from '@parley/contracts'
import { newId, type Call, type Once } from '@parley/kit'
import { newCode } from './codes.ts'
import { now, type Context } from './context.ts'
import { defaultSettings, toMeeting } from './meeting.ts'
import { hashPasscode } from './passcode.ts'
import type { Base } from './links.ts'
import { scheduleOrThrow, timeZoneOrThrow } from './schedule.ts'
import { insertMeeting } from './store/meetings.ts'
import type { MeetingRow } from './tables.ts'

type Body = Call<typeof meetingsOperations.createMeeting>['body']

interface NewMeeting {
  body: Body
  principal: Principal
  address: string
  base: Base
}

/** Makes a meeting. */
export async function createMeeting(context: Context, wanted: NewMeeting, once: Once<Meeting>): Promise<Meeting> {
  const draft = await draftOf(context, wanted)
  return once.transaction(context.db, async (db) => toMeeting(await insertMeeting(db, draft, newCode), wanted.base))
}

async function draftOf(
  context: Context,
  { body, principal, address, base }: NewMeeting,
): Promise<Omit<MeetingRow, 'code'>> {
  const at = now(context)
  const scheduledAt = scheduleOrThrow(body.scheduledAt, at.getTime())
  const timeZone = timeZoneOrThrow(body.timeZone ?? meetingDefaults.timeZone)
  const type = body.type ?? meetingDefaults.type
  return {
    id: newId(),
    title: body.title ?? meetingDefaults.title,
    description: body.description ?? meetingDefaults.description,
    type,
    status: scheduledAt !== null && scheduledAt > at ? 'scheduled' : 'waiting',
    host_id: principal.userId,
    host_name: await context.names.of(principal),
    scheduled_at: scheduledAt,
    duration_minutes: body.durationMinutes ?? null,
    time_zone: timeZone,
    passcode_hash:
      body.passcode === undefined ? null : await hashPasscode(body.passcode, { address, person: principal.userId }),
    passcode_round: 0,
    max_participants: body.maxParticipants ?? context.config.MAX_PARTICIPANTS_DEFAULT,
    settings: { ...defaultSettings(type), ...body.settings },
    version: 1,
    lobby_version: 0,
    room_seq: 0,
    public_base: base.gateway,
    created_at: at,
    updated_at: at,
    started_at: null,
    ended_at: null,
    end_reason: null,
    empty_since: null,
    deleted_at: null,
    starting_told: null,
  }
}
