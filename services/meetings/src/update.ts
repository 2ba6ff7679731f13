import type { Meeting, meetingsOperations } from '@parley/contracts'
import { ProblemError, versionsOf, type Call, type Owner } from '@parley/kit'
import { changing } from './changing.ts'
import { now, roomBase, type Context } from './context.ts'
import { tellInvited } from './invites/mail-queue.ts'
import { letInFreed } from './lobby/settle.ts'
import { lockOwned } from './locked.ts'
import { isOver, toMeeting } from './meeting.ts'
import { changeInWords, say } from './notices.ts'
import { hashPasscode } from './passcode.ts'
import { ownMeeting } from './read.ts'
import { scheduleOrThrow, timeZoneOrThrow } from './schedule.ts'
import { changeMeeting, findMeeting, type MeetingChange } from './store/meetings.ts'
import { enqueueCommand } from './store/outbox.ts'
import type { MeetingRow } from './tables.ts'
import { putMeetingEvents } from './user-events/put.ts'

type MeetingFields = Omit<MeetingChange, 'updated_at'>
/** Those that the request may change; null for any. */
type Versions = ReturnType<typeof versionsOf>

interface Plan {
  id: string
  userId: string
  body: Call<typeof meetingsOperations.scheduleMeeting>['body']
  ifMatch: string | undefined
}
interface Update {
  id: string
  userId: string
  address: string
  body: Call<typeof meetingsOperations.updateMeeting>['body']
  ifMatch: string | undefined
}

/**
 * Changes a meeting and tells its room. @throws ProblemError `not-found`, `forbidden`, `meeting-over`, `version-
 * conflict`
 */
export async function updateMeeting(
  context: Context,
  { id, userId, address, body, ifMatch }: Update,
): Promise<MeetingRow> {
  const expected = versionsOf(ifMatch)
  const before = await ownMeeting(context, id, userId)
  refuseUnfit(before, expected)
  const change = await changeOf(body, before, { address, person: userId })
  return changeAndTell(context, { before, userId }, change, expected)
}

/**
 * Sets when a meeting takes place, live or not, and tells its room. The meeting must be as the host has read it.
 * @throws ProblemError as `updateMeeting`, and `precondition-required`
 */
export async function scheduleMeeting(context: Context, { id, userId, body, ifMatch }: Plan): Promise<MeetingRow> {
  const before = await ownMeeting(context, id, userId)
  if (ifMatch === undefined)
    throw new ProblemError('precondition-required', 'Send the ETag of the meeting as you know it in If-Match')
  const expected = versionsOf(ifMatch)
  refuseUnfit(before, expected)
  const at = now(context)
  const scheduledAt = scheduleOrThrow(body.scheduledAt, at.getTime())
  const change: MeetingFields = {
    scheduled_at: scheduledAt,
    statusBefore: scheduledAt !== null && scheduledAt > at ? 'scheduled' : 'waiting',
    ...(body.durationMinutes === undefined ? {} : { duration_minutes: body.durationMinutes }),
    ...(body.timeZone === undefined ? {} : { time_zone: timeZoneOrThrow(body.timeZone) }),
  }
  return changeAndTell(context, { before, userId }, change, expected)
}

async function changeAndTell(
  context: Context,
  { before: { id, version }, userId }: { before: MeetingRow; userId: string },
  change: MeetingFields,
  expected: Versions,
): Promise<MeetingRow> {
  const at = now(context)
  const changed = await changing(context, id, async (trx) => {
    const before = await lockOwned(trx, id, userId)
    const row = await changeMeeting(trx, id, { ...change, updated_at: at }, expected && version)
    if (row === undefined) return undefined
    await enqueueCommand(trx, id, { kind: 'meeting-updated', meeting: told(context, row) }, at)
    await tellInvited(trx, { before, after: row, at })
    await putMeetingEvents(trx, context, [{ type: 'meeting.updated', meeting: row }])
    const words = changeInWords(before, row)
    if (words !== null) await say(trx, row, words, at)
    const { lv } = change.settings?.waitingRoom === false ? await letInFreed(trx, row, at) : { lv: null }
    return { row, lv: lv ?? row.lobby_version }
  })
  if (changed !== undefined) {
    context.wakeRelay()
    context.wakeMail()
    context.wakeTeller()
    // Those who wait hear of the change from their lobby: there may be no room yet.
    context.tellLobby(id, changed.lv)
    return changed.row
  }
  // Somebody was faster than this request.
  refuseUnfit(await findMeeting(context.db, id), expected)
  throw new ProblemError('unavailable', 'The meeting is being changed')
}

const told = (context: Context, row: MeetingRow): Meeting => toMeeting(row, roomBase(context, row))

function refuseUnfit(meeting: MeetingRow | undefined, expected: Versions): void {
  if (meeting === undefined) throw new ProblemError('not-found', 'There is no such meeting')
  if (isOver(meeting.status)) throw new ProblemError('meeting-over')
  if (expected === null || expected.has(meeting.version)) return
  throw new ProblemError('version-conflict', 'The meeting has changed since you read it', {
    currentVersion: meeting.version,
  })
}

async function changeOf(
  { passcode, maxParticipants, settings, ...same }: Update['body'],
  before: MeetingRow,
  owner: Owner,
): Promise<MeetingFields> {
  return {
    ...same,
    ...settingsOf({ type: same.type, settings }, before),
    ...(maxParticipants === undefined ? {} : { max_participants: maxParticipants }),
    ...(passcode === undefined
      ? {}
      : { passcode_hash: passcode === null ? null : await hashPasscode(passcode, owner) }),
  }
}

/** A meeting that becomes private takes guests only when the same change says so. */
function settingsOf(
  { type, settings }: { type: Update['body']['type'] | undefined; settings: Update['body']['settings'] | undefined },
  before: MeetingRow,
): Pick<MeetingChange, 'settings'> {
  if (type !== 'private' || before.type === 'private') return settings === undefined ? {} : { settings }
  return { settings: { guestsAllowed: false, ...settings } }
}
