import type { Session } from '@parley/contracts'
import { MonitorSmartphone } from 'lucide-preact'
import { deviceOf } from '../../lib/device.ts'
import { formatWhen } from '../../lib/time.ts'
import { useServices } from '../../services.ts'
import { attempt } from '../../ui/attempt.ts'
import { Button } from '../../ui/button.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { useLoaded } from '../../ui/use-loaded.ts'
import { useTask } from '../../ui/use-task.ts'

/** Every sign-in of this account, and the end of each. */
export function SessionList() {
  const { session, router } = useServices()
  const { value, problem, reload } = useLoaded(() => session.parley.rest.sessions(), [])
  const everywhere = useTask(async () => {
    await session.parley.rest.logoutAll()
    await session.parley.signOut()
    router.go('/')
  })
  if (value === null)
    return problem === null ? <Spinner label="Loading sessions" /> : <ProblemNotice problem={problem} />
  const end = (id: string) => attempt(session.parley.rest.endSession({ params: { id } }).then(reload))
  return (
    <>
      <ul class="session-list">
        {value.items.map((item) => (
          <SessionRow key={item.id} session={item} onEnd={() => end(item.id)} />
        ))}
      </ul>
      <ProblemNotice problem={everywhere.problem} />
      <div class="form__actions">
        <Button busy={everywhere.busy} testId="account-end-all" onClick={everywhere.start}>
          Sign out everywhere
        </Button>
      </div>
    </>
  )
}

const SessionRow = ({ session, onEnd }: { session: Session; onEnd: () => void }) => (
  <li class="session" data-testid="account-session" data-current={session.current}>
    <MonitorSmartphone size={20} aria-hidden="true" />
    <div class="session__text">
      <strong>{deviceOf(session.userAgent)}</strong>
      <span class="choice__note">
        {[session.address, `Last used ${formatWhen(session.lastUsedAt, new Date())}`].filter(Boolean).join(' · ')}
      </span>
    </div>
    {session.current ? (
      <span class="badge badge--good" data-testid="account-this-device">
        This device
      </span>
    ) : (
      <Button testId="account-end-session" onClick={onEnd}>
        Sign out
      </Button>
    )}
  </li>
)
