import { Clock, ShieldCheck, Users } from 'lucide-preact'
import { useEffect, useState } from 'preact/hooks'
import { formatElapsed } from '../../lib/time.ts'
import { BrandMark } from '../../ui/brand.tsx'
import { CopyLinkButton, CopyLinkIcon } from '../../ui/copy.tsx'
import { isNarrow } from '../../ui/media-query.ts'
import { ThemeToggle } from '../../ui/theme.tsx'
import { RecordingBadge } from '../recordings/recording-control.tsx'
import type { RoomModel } from './room-model.ts'

/** The title, duration and link of the meeting. */
export function RoomHeader({ model }: { model: RoomModel }) {
  const { meeting, self } = model.state.value
  const narrow = isNarrow()
  return (
    <header class="room__header">
      {!narrow && <BrandMark size={28} />}
      <div class="room__title">
        <h1 dir="auto">{meeting.title}</h1>
        <p class="room__facts">
          <RecordingBadge model={model} />
          <span class="code" data-testid="meeting-code">
            {meeting.code}
          </span>
          <Elapsed since={meeting.startedAt ?? self.joinedAt} />
          <span title="People in the meeting">
            <Users size={14} aria-hidden="true" /> <span data-testid="people-count">{model.people.value.length}</span>
          </span>
          {self.role === 'host' && !narrow && (
            <span>
              <ShieldCheck size={14} aria-hidden="true" /> You’re the host
            </span>
          )}
        </p>
      </div>
      {narrow ? (
        <CopyLinkIcon link={meeting.joinLink} />
      ) : (
        <CopyLinkButton link={meeting.joinLink} label="Copy invite link" />
      )}
      <ThemeToggle />
    </header>
  )
}

function Elapsed({ since }: { since: string }) {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return (
    <span title="Since the meeting began">
      <Clock size={14} aria-hidden="true" /> <time>{formatElapsed(now - Date.parse(since))}</time>
    </span>
  )
}
