import { authBus } from '@parley/contracts'
import {
  request,
  createMailer,
  createMailOutbox,
  isProblem,
  MailLaterError,
  quoted,
  shownAddress,
  withoutLinks,
  type Mail,
  type MailOutbox,
} from '@parley/kit'
import type { Metrics } from '@parley/kit'
import { DateTime } from 'luxon'
import { addressIn, calendarOf, timesOf } from '../calendar/calendar.ts'
import { now, roomBase, type Context } from '../context.ts'
import { invitedLink, type Base } from '../links.ts'
import { isOver } from '../meeting.ts'
import { hashOf, newRoomToken } from '../room-token.ts'
import type { MeetingRow } from '../tables.ts'
import { isGood } from './invite.ts'
import { createInviteLimit, type InviteLimit } from './limit.ts'
import type { InviteMail } from './mail-queue.ts'
import { isWebhookMail, renderWebhookMail } from '../webhooks/mail.ts'
import { findInvite, findMeetings, insertInviteToken } from './store.ts'
import type { InviteRow } from './tables.ts'

interface Telling {
  kind: InviteMail['kind']
  invite: InviteRow & { email: string }
  meeting: MeetingRow
  inviter: Inviter
}

interface Links {
  /** Null when there is nothing to answer. */
  answer: string | null
  join: string
}

/** The inviter, as the account has it now; without an address when there is no such account any more. */
interface Inviter {
  name: string
  email: string | null
}

/** Sends the mails of the outbox until stopped. */
export function startInviteMails(context: Context, metrics: Metrics): MailOutbox {
  const { config, db, clock, log } = context
  const mailer = createMailer({ url: config.SMTP_URL, dir: config.MAIL_DIR, from: config.MAIL_FROM, log })
  const limit = createInviteLimit(context.kv)
  const render = (payload: unknown) =>
    isWebhookMail(payload) ? renderWebhookMail(context, payload) : renderInviteMail(context, limit, payload)
  const outbox = createMailOutbox({ db, mailer, render, clock, log, metrics })
  outbox.start()
  return outbox
}

/**
 * Makes the mail when its turn has come, as things are then; null when it is no longer wanted. Rejects with MailLaterError when
 * its mailbox has had enough of them for now.
 */
async function renderInviteMail(context: Context, limit: InviteLimit, payload: unknown): Promise<Mail | null> {
  const { kind, inviteId } = payload as InviteMail
  const invite = await findInvite(context.db, inviteId)
  const meeting = invite && (await findMeetings(context.db, [invite.meeting_id])).get(invite.meeting_id)
  if (invite === undefined || meeting === undefined || invite.email === null) return null
  const invited = { ...invite, email: invite.email }
  if (!isWanted({ kind, invite: invited, meeting })) return null
  const inviter = await inviterOf(context, invited)
  const waitMs = kind === 'changed' ? await limit.waitOf(invited.email) : 0
  if (waitMs > 0) throw new MailLaterError(waitMs)
  return mailOf(context, { kind, meeting, invite: invited, inviter })
}

async function inviterOf({ bus }: Context, { invited_by: userId, invited_by_name: name }: InviteRow): Promise<Inviter> {
  try {
    const account = await request(bus, authBus.account, { userId })
    return { name: account.name, email: account.emailVerified ? shownAddress(account.email) : null }
  } catch (error) {
    if (isProblem(error, 'not-found')) return { name, email: null }
    throw error
  }
}

function isWanted({ kind, invite, meeting }: Omit<Telling, 'inviter'>): boolean {
  const takesPlace = !isOver(meeting.status) && meeting.deleted_at === null
  if (kind === 'cancelled') return invite.status === 'revoked' || (isGood(invite) && !takesPlace)
  return isGood(invite) && takesPlace
}

async function mailOf(context: Context, telling: Telling): Promise<Mail> {
  const { kind, invite, meeting } = telling
  const base = roomBase(context, meeting)
  const page = base.join(meeting.code)
  const links = kind === 'cancelled' ? { answer: null, join: page } : await newLinks(context, invite, { base, page })
  return {
    to: invite.email,
    subject: subjectOf(kind, meeting),
    text: textOf(telling, links),
    ...(meeting.scheduled_at === null ? {} : { icalEvent: eventOf(context, telling, links.join) }),
  }
}

/** Only the mail has the token: what waits in the outbox is worth nothing to who reads it there. Each of its links leads in. */
async function newLinks(
  { db }: Context,
  { id: inviteId }: InviteRow,
  { base, page }: { base: Base; page: string },
): Promise<Links> {
  const token = newRoomToken()
  await insertInviteToken(db, hashOf(token), inviteId)
  return { answer: base.invite(inviteId, token), join: invitedLink(page, { inviteId, token }) }
}

function eventOf(context: Context, { kind, invite, meeting }: Telling, link: string): NonNullable<Mail['icalEvent']> {
  const method = kind === 'cancelled' ? 'CANCEL' : 'REQUEST'
  const content = calendarOf({
    meeting: tame(meeting),
    link,
    method,
    organizerEmail: addressIn(context.config.MAIL_FROM),
    attendee: { email: invite.email, accepted: invite.status === 'accepted' },
    at: now(context),
  })
  return { method, content, filename: 'invite.ics' }
}

/** A meeting for the calendar of a stranger: its host's words without links. */
const tame = (meeting: MeetingRow): MeetingRow => ({
  ...meeting,
  title: withoutLinks(meeting.title),
  description: withoutLinks(meeting.description),
  host_name: withoutLinks(meeting.host_name),
})

/** Our own words: what a stranger calls a meeting is not what our mail is about. */
function subjectOf(kind: InviteMail['kind'], meeting: MeetingRow): string {
  const what = { invited: 'Invitation to a meeting', changed: 'A meeting has changed', cancelled: 'A meeting is off' }
  if (meeting.scheduled_at === null) return what[kind]
  return `${what[kind]}: ${zonedIn(meeting)(meeting.scheduled_at).toFormat('d LLLL yyyy, HH:mm')}`
}

function textOf(telling: Telling, links: Links): string {
  const { kind, invite, meeting, inviter } = telling
  const parts = [leadOf(telling), `Title: ${quoted(meeting.title)}`, whenOf(meeting)]
  if (kind === 'invited' && invite.message !== null)
    parts.push(`They write:\n${withoutLinks(invite.message).replace(/^/gm, '> ')}`)
  if (links.answer !== null) parts.push(`Accept or decline:\n${links.answer}`, `Join:\n${links.join}`)
  parts.push(
    `You get this mail because ${inviter.email ?? 'somebody'} invited this address with Parley. ` +
      'If you do not know them, do nothing, or decline: they do not learn whether you have read it.',
  )
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** The wishes of a person, by the address that they have confirmed; names are what people call themselves. */
function leadOf({ kind, invite, inviter: { name, email } }: Telling): string {
  const by = email === null ? quoted(name) : `${email}, who goes by the name ${quoted(name)},`
  switch (kind) {
    case 'invited':
      return `${by} invites you to a meeting.`
    case 'changed':
      return `A meeting has changed to which ${by} has invited you.`
    case 'cancelled':
      return invite.status === 'revoked'
        ? `Your invitation to a meeting by ${by} has been taken back.`
        : `A meeting has been cancelled to which ${by} had invited you.`
    default:
      return kind satisfies never
  }
}

const zonedIn =
  ({ time_zone: zone }: MeetingRow) =>
  (time: Date): DateTime =>
    DateTime.fromJSDate(time, { zone }).setLocale('en-GB')

/** `Sunday, 30 March 2031, 03:00 – 03:30 (Europe/Berlin)`; empty for a meeting without a time. */
function whenOf(meeting: MeetingRow): string {
  if (meeting.scheduled_at === null) return ''
  const { start, end } = timesOf(meeting)
  const zoned = zonedIn(meeting)
  const until = meeting.duration_minutes === null ? '' : ` – ${zoned(end).toFormat('HH:mm')}`
  return `When: ${zoned(start).toFormat('cccc, d LLLL yyyy, HH:mm')}${until} (${meeting.time_zone})`
}
