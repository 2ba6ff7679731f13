import { createMailer, createMailOutbox, type Mail, type MailOutbox } from '@parley/kit'
import { DateTime } from 'luxon'
import { addressIn, calendarOf, timesOf } from '../calendar/calendar.ts'
import { now, roomBase, type Context } from '../context.ts'
import { joinLink } from '../links.ts'
import { isOver } from '../meeting.ts'
import { hashOf, newRoomToken } from '../room-token.ts'
import type { MeetingRow } from '../tables.ts'
import { isGood } from './invite.ts'
import type { InviteMail } from './mail-queue.ts'
import { findInvite, findMeetings, insertInviteToken } from './store.ts'
import type { InviteRow } from './tables.ts'

interface Telling {
  kind: InviteMail['kind']
  invite: InviteRow & { email: string }
  meeting: MeetingRow
}

/** Sends the mails of the outbox until stopped. */
export function startInviteMails(context: Context): MailOutbox {
  const { config, db, clock, log } = context
  const mailer = createMailer({ url: config.SMTP_URL, dir: config.MAIL_DIR, from: config.MAIL_FROM, log })
  const outbox = createMailOutbox({ db, mailer, render: (payload) => renderInviteMail(context, payload), clock, log })
  outbox.start()
  return outbox
}

/** Makes the mail when its turn has come, as things are then; null when it is no longer wanted. */
export async function renderInviteMail(context: Context, payload: unknown): Promise<Mail | null> {
  const { kind, inviteId } = payload as InviteMail
  const invite = await findInvite(context.db, inviteId)
  const meeting = invite && (await findMeetings(context.db, [invite.meeting_id])).get(invite.meeting_id)
  if (invite === undefined || meeting === undefined || invite.email === null) return null
  const telling: Telling = { kind, meeting, invite: { ...invite, email: invite.email } }
  return isWanted(telling) ? mailOf(context, telling) : null
}

function isWanted({ kind, invite, meeting }: Telling): boolean {
  const takesPlace = !isOver(meeting.status) && meeting.deleted_at === null
  if (kind === 'cancelled') return invite.status === 'revoked' || (isGood(invite) && !takesPlace)
  return isGood(invite) && takesPlace
}

async function mailOf(context: Context, telling: Telling): Promise<Mail> {
  const { kind, invite, meeting } = telling
  const base = roomBase(context, meeting)
  // Only the mail has the token: what waits in the outbox is worth nothing to who reads it there.
  const answerLink = kind === 'cancelled' ? null : await newAnswerLink(context, invite.id, base)
  return {
    to: invite.email,
    subject: `${{ invited: 'Invitation', changed: 'Changed', cancelled: 'Cancelled' }[kind]}: ${meeting.title}`,
    text: textOf(telling, { join: joinLink(base, meeting.code), answer: answerLink }),
    ...(meeting.scheduled_at === null ? {} : { icalEvent: eventOf(context, telling, base) }),
  }
}

async function newAnswerLink({ db }: Context, inviteId: string, base: string): Promise<string> {
  const token = newRoomToken()
  await insertInviteToken(db, hashOf(token), inviteId)
  return `${base}/invites/${inviteId}#token=${token}`
}

function eventOf(context: Context, { kind, invite, meeting }: Telling, base: string): NonNullable<Mail['icalEvent']> {
  const method = kind === 'cancelled' ? 'CANCEL' : 'REQUEST'
  const content = calendarOf({
    meeting,
    base,
    method,
    organizerEmail: addressIn(context.config.MAIL_FROM),
    attendee: { email: invite.email, accepted: invite.status === 'accepted' },
    at: now(context),
  })
  return { method, content, filename: 'invite.ics' }
}

function textOf({ kind, invite, meeting }: Telling, links: { join: string; answer: string | null }): string {
  const what = `“${meeting.title}”`
  const by = invite.invited_by_name
  const first = {
    invited: `${by} invites you to ${what}.`,
    changed: `${what}, to which ${by} has invited you, has changed.`,
    cancelled:
      invite.status === 'revoked' ? `Your invitation to ${what} has been taken back.` : `${what} has been cancelled.`,
  }[kind]
  const parts = [first, whenOf(meeting)]
  if (kind === 'invited' && invite.message !== null) parts.push(`${by} writes:\n${invite.message}`)
  if (links.answer !== null) parts.push(`Accept or decline:\n${links.answer}`, `Join:\n${links.join}`)
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** `Sunday, 30 March 2031, 03:00 – 03:30 (Europe/Berlin)`; empty for a meeting without a time. */
function whenOf(meeting: MeetingRow): string {
  if (meeting.scheduled_at === null) return ''
  const { start, end } = timesOf(meeting)
  const zoned = (time: Date): DateTime => DateTime.fromJSDate(time, { zone: meeting.time_zone }).setLocale('en-GB')
  const until = meeting.duration_minutes === null ? '' : ` – ${zoned(end).toFormat('HH:mm')}`
  return `When: ${zoned(start).toFormat('cccc, d LLLL yyyy, HH:mm')}${until} (${meeting.time_zone})`
}
