import type { Meeting, User } from '@parley/contracts'
import { useState } from 'preact/hooks'
import { firstName, isolated } from '../../lib/people.ts'
import { greeting } from '../../lib/time.ts'
import { meetingPath, signUpPath } from '../../router.ts'
import { useServices } from '../../services.ts'
import { Link } from '../../ui/link.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Page } from '../../ui/page.tsx'
import { toast } from '../../ui/toast.tsx'
import { MyInvites } from '../invites/my-invites.tsx'
import { AccountMenu } from './account-menu.tsx'
import { CreateDialog } from './create-dialog.tsx'
import { MeetingLists } from './meeting-lists.tsx'
import { QuickActions } from './quick-actions.tsx'

/** The start page of somebody who is signed in. */
export function HomePage({ user }: { user: User }) {
  const { router } = useServices()
  const [creating, setCreating] = useState(false)
  const [created, setCreated] = useState(0)
  const onCreated = (meeting: Meeting) => {
    setCreating(false)
    if (meeting.scheduledAt === null) return router.go(meetingPath(meeting.code))
    setCreated(created + 1)
    toast(`“${isolated(meeting.title)}” is scheduled`)
  }
  const now = new Date()
  return (
    <Page actions={<AccountMenu user={user} />}>
      <div class="home">
        <header class="home__greeting">
          <p class="muted">{now.toLocaleDateString(undefined, { weekday: 'long', day: 'numeric', month: 'long' })}</p>
          <h1>
            {greeting(now.getHours())}, <bdi>{firstName(user.name)}</bdi>
          </h1>
        </header>
        {user.kind === 'user' && <MyInvites onAnswer={() => setCreated(created + 1)} />}
        <QuickActions user={user} onSchedule={() => setCreating(true)} />
        {user.kind === 'user' ? <MeetingLists userId={user.id} refresh={created} /> : <GuestNotice />}
      </div>
      {creating && <CreateDialog onCreated={onCreated} onClose={() => setCreating(false)} />}
    </Page>
  )
}

const GuestNotice = () => (
  <Notice kind="info" title="You’re here as a guest">
    You can join meetings that admit guests. To start and schedule your own,{' '}
    <Link href={signUpPath('/')}>create an account</Link>.
  </Notice>
)
