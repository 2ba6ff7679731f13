import type { Meeting, MeetingStatus } from '@parley/contracts'
import { CalendarDays, Globe, Lock } from 'lucide-preact'
import { formatWhen } from '../../lib/time.ts'
import { detailsPath, meetingPath } from '../../router.ts'
import { CopyLinkIcon } from '../../ui/copy.tsx'
import { Link } from '../../ui/link.tsx'

export const statusLabels: Record<MeetingStatus, string> = {
  scheduled: 'Scheduled',
  waiting: 'Ready',
  live: 'Live',
  ended: 'Ended',
  cancelled: 'Cancelled',
}

/** One meeting of a list. */
export function MeetingCard({ meeting, mine }: { meeting: Meeting; mine: boolean }) {
  const over = meeting.status === 'ended' || meeting.status === 'cancelled'
  return (
    <li class={`meeting-card${over ? ' meeting-card--over' : ''}`} data-testid="meeting-card" data-code={meeting.code}>
      <div class="meeting-card__main">
        <div class="meeting-card__title">
          <h3 dir="auto">
            <Link class="meeting-card__link" href={detailsPath(meeting.id)} testId="meeting-details">
              {meeting.title}
            </Link>
          </h3>
          <span class={`badge badge--${meeting.status}`}>{statusLabels[meeting.status]}</span>
        </div>
        <p class="meeting-card__facts">
          <span>
            <CalendarDays size={14} aria-hidden="true" /> {whenOf(meeting)}
          </span>
          <span class="code">{meeting.code}</span>
          {meeting.hasPasscode && (
            <span>
              <Lock size={14} aria-hidden="true" /> Passcode
            </span>
          )}
          {meeting.type === 'public' && (
            <span>
              <Globe size={14} aria-hidden="true" /> Public
            </span>
          )}
          {!mine && meeting.type !== 'public' && <span>Invited</span>}
        </p>
      </div>
      {!over && (
        <div class="meeting-card__actions">
          <CopyLinkIcon link={meeting.joinLink} />
          <Link
            class={`button ${meeting.status === 'live' ? 'button--primary' : 'button--plain'}`}
            href={meetingPath(meeting.code)}
            testId="meeting-join"
          >
            {meeting.status === 'live' || !mine ? 'Join' : 'Start'}
          </Link>
        </div>
      )}
    </li>
  )
}

/** When a meeting was, is or will be, in words. */
export function whenOf(meeting: Meeting): string {
  const now = new Date()
  if (meeting.status === 'cancelled') return 'Cancelled'
  if (meeting.endedAt !== null) return `Ended ${lower(formatWhen(meeting.endedAt, now))}`
  if (meeting.startedAt !== null) return `Since ${lower(formatWhen(meeting.startedAt, now))}`
  if (meeting.scheduledAt === null) return `Created ${lower(formatWhen(meeting.createdAt, now))}`
  const length = meeting.durationMinutes === null ? '' : ` · ${meeting.durationMinutes} min`
  return formatWhen(meeting.scheduledAt, now) + length
}

const lower = (text: string) => text.replace(/^(Today|Yesterday|Tomorrow)/, (word) => word.toLowerCase())
