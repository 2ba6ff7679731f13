import { useState } from 'preact/hooks'
import { CalendarDays, Radio } from 'lucide-preact'
import { Button } from '../../ui/button.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { tabId, Tabs } from '../../ui/tabs.tsx'
import { MeetingCard } from './meeting-card.tsx'
import type { Scope } from './meetings-api.ts'
import { useMeetings } from './use-meetings.ts'

const tabs: readonly { value: Scope; label: string; testId: string }[] = [
  { value: 'mine', label: 'My meetings', testId: 'tab-mine' },
  { value: 'active', label: 'Live now', testId: 'tab-active' },
]

/** My meetings, and the public ones that are live. `refresh` counts up when there is something new. */
export function MeetingLists({ userId, refresh }: { userId: string; refresh: number }) {
  const [scope, setScope] = useState<Scope>('mine')
  return (
    <section class="lists" aria-label="Meetings">
      <Tabs label="Which meetings" tabs={tabs} value={scope} onChange={setScope} panel="meetings" line />
      <div id="meetings" role="tabpanel" aria-labelledby={tabId('meetings', scope)}>
        <MeetingList key={scope} scope={scope} userId={userId} refresh={refresh} />
      </div>
    </section>
  )
}

function MeetingList({ scope, userId, refresh }: { scope: Scope; userId: string; refresh: number }) {
  const { items, problem, loading, hasMore, reload, loadMore } = useMeetings(scope, refresh)
  if (problem !== null && items === null) {
    return (
      <div class="lists__message">
        <ProblemNotice problem={problem} />
        <Button busy={loading} onClick={reload}>
          Try again
        </Button>
      </div>
    )
  }
  if (items === null) return <Skeletons />
  if (items.length === 0) return <Empty scope={scope} />
  return (
    <>
      <ul class="meeting-list" data-testid="meeting-list">
        {items.map((meeting) => (
          <MeetingCard key={meeting.id} meeting={meeting} mine={meeting.hostId === userId} />
        ))}
      </ul>
      {hasMore && (
        <div class="lists__more">
          <Button busy={loading} onClick={loadMore}>
            Show more
          </Button>
        </div>
      )}
    </>
  )
}

const Skeletons = () => (
  <ul class="meeting-list" aria-label="Loading meetings" aria-busy="true">
    {[0, 1, 2].map((n) => (
      <li key={n} class="meeting-card meeting-card--skeleton" />
    ))}
  </ul>
)

const Empty = ({ scope }: { scope: Scope }) => (
  <div class="empty">
    {scope === 'mine' ? <CalendarDays size={32} aria-hidden="true" /> : <Radio size={32} aria-hidden="true" />}
    <strong>{scope === 'mine' ? 'No meetings yet' : 'Nobody is live right now'}</strong>
    <p class="muted">
      {scope === 'mine'
        ? 'Start one now or schedule it; it will be listed here.'
        : 'Public meetings appear here while they take place.'}
    </p>
  </div>
)
