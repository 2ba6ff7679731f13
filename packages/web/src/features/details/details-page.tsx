import type { Meeting, User } from '@parley/contracts'
import { CalendarDays, CalendarX } from 'lucide-preact'
import { explain } from '../../lib/explain.ts'
import { timeElsewhere } from '../../lib/time.ts'
import { meetingPath } from '../../router.ts'
import { useServices } from '../../services.ts'
import { CopyLinkIcon } from '../../ui/copy.tsx'
import { Link } from '../../ui/link.tsx'
import { Page } from '../../ui/page.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { useLoaded } from '../../ui/use-loaded.ts'
import { useTitle } from '../../ui/use-title.ts'
import { Outcome } from '../auth/outcome.tsx'
import { AccountMenu } from '../home/account-menu.tsx'
import { statusLabels, whenOf } from '../home/meeting-card.tsx'
import { DetailsForm } from './details-form.tsx'
import { Ending } from './ending.tsx'
import { Recordings } from '../recordings/recordings.tsx'
import { Files } from './files.tsx'
import { InviteList } from './invite-list.tsx'
import { ScheduleForm } from './schedule-form.tsx'

/** All about one meeting; its host changes it here. */
export function DetailsPage({ id, user }: { id: string; user: User }) {
  const { session } = useServices()
  const {
    value: meeting,
    problem,
    set,
  } = useLoaded<Meeting>(() => session.parley.rest.getMeeting({ params: { id } }), [id])
  useTitle(meeting?.title ?? 'Meeting')
  if (meeting === null && problem !== null) {
    return (
      <Outcome icon={CalendarX} title={explain(problem).title} testId="details-problem">
        {explain(problem).text}
      </Outcome>
    )
  }
  if (meeting === null) {
    return (
      <Page actions={<AccountMenu user={user} />}>
        <Spinner label="Loading the meeting" large />
      </Page>
    )
  }
  const mine = meeting.hostId === user.id
  const changeable = mine && !isOver(meeting)
  return (
    <Page actions={<AccountMenu user={user} />}>
      <div class="settings" data-testid="details" data-version={meeting.version}>
        <Head meeting={meeting} mine={mine} />
        {changeable && <ScheduleForm meeting={meeting} onChange={set} />}
        {changeable && <InviteList meeting={meeting} />}
        {changeable && <DetailsForm meeting={meeting} onChange={set} />}
        <Recordings meeting={meeting} mine={mine} />
        <Files meeting={meeting} mine={mine} />
        {mine && <Ending meeting={meeting} onChange={set} />}
      </div>
    </Page>
  )
}

const isOver = (meeting: Meeting) => meeting.status === 'ended' || meeting.status === 'cancelled'

function Head({ meeting, mine }: { meeting: Meeting; mine: boolean }) {
  const elsewhere = meeting.scheduledAt === null ? null : timeElsewhere(meeting.scheduledAt, meeting.timeZone)
  return (
    <header class="details-head">
      <div class="details-head__text">
        <span class={`badge badge--${meeting.status}`} data-testid="details-status">
          {statusLabels[meeting.status]}
        </span>
        <h1 dir="auto">{meeting.title}</h1>
        <p class="meeting-card__facts">
          <span>
            <CalendarDays size={14} aria-hidden="true" /> {whenOf(meeting)}
          </span>
          <span class="code">{meeting.code}</span>
          {elsewhere !== null && <span>{elsewhere}</span>}
        </p>
        {meeting.description !== '' && <p class="details-head__description">{meeting.description}</p>}
      </div>
      {!isOver(meeting) && (
        <div class="details-head__actions">
          <CopyLinkIcon link={meeting.joinLink} />
          <Link class="button button--primary" href={meetingPath(meeting.code)} testId="details-join">
            {meeting.status === 'live' || !mine ? 'Join' : 'Start'}
          </Link>
        </div>
      )}
    </header>
  )
}
