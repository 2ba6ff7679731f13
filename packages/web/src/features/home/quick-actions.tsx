import type { User } from '@parley/contracts'
import { CalendarPlus, Video } from 'lucide-preact'
import { firstName } from '../../lib/people.ts'
import { meetingPath } from '../../router.ts'
import { useServices } from '../../services.ts'
import { ProblemNotice } from '../../ui/notice.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { useTask } from '../../ui/use-task.ts'
import { JoinByCode } from './join-by-code.tsx'
import { createMeeting } from './meetings-api.ts'

interface QuickActionsProps {
  user: User
  onSchedule: () => void
}

/** The three ways into a meeting. */
export function QuickActions({ user, onSchedule }: QuickActionsProps) {
  // A guest may only join.
  const account = user.kind === 'user'
  const { session, router } = useServices()
  const task = useTask(async () => {
    const meeting = await createMeeting(session.parley, {
      type: 'private',
      title: `${firstName(user.name)}’s meeting`,
      // The link lets people in, as the page says beside the button.
      settings: { guestsAllowed: true },
    })
    router.go(meetingPath(meeting.code))
  })
  return (
    <section aria-label="Start or join">
      <div class="quick">
        {account && (
          <button
            class="quick__card quick__card--primary"
            type="button"
            data-testid="new-meeting"
            disabled={task.busy}
            onClick={task.start}
          >
            <span class="quick__icon">
              {task.busy ? <Spinner label="Starting" /> : <Video size={24} aria-hidden="true" />}
            </span>
            <span class="quick__title">New meeting</span>
            <span class="quick__note">Start now and share the link</span>
          </button>
        )}
        {account && (
          <button class="quick__card" type="button" data-testid="schedule-meeting" onClick={onSchedule}>
            <span class="quick__icon">
              <CalendarPlus size={24} aria-hidden="true" />
            </span>
            <span class="quick__title">Schedule</span>
            <span class="quick__note">Set a time, a title, a passcode</span>
          </button>
        )}
        <div class="quick__card quick__card--join">
          <h2 class="quick__title">Join a meeting</h2>
          <span class="quick__note">Type a code or paste a link</span>
          <JoinByCode onCode={(code) => router.go(meetingPath(code))} />
        </div>
      </div>
      <ProblemNotice problem={task.problem} />
    </section>
  )
}
