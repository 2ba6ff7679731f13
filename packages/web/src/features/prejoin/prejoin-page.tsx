import type { Room } from '@parley/client'
import type { User } from '@parley/contracts'
import { DoorClosed } from 'lucide-preact'
import { useLayoutEffect } from 'preact/hooks'
import { meetingPath, signInPath, type InviteKey } from '../../router.ts'
import { explain, needsSignIn } from '../../lib/explain.ts'
import { Button } from '../../ui/button.tsx'
import { Link } from '../../ui/link.tsx'
import { Page } from '../../ui/page.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { AccountMenu } from '../home/account-menu.tsx'
import type { LocalMedia } from '../media/local-media.ts'
import { JoinForm } from './join-form.tsx'
import { WaitingCard, WaitOver } from './waiting.tsx'
import { useJoin } from './use-join.ts'
import { Preview } from './preview.tsx'
import { useLookup } from './use-lookup.ts'

interface PrejoinPageProps {
  code: string
  invite: InviteKey | null
  user: User
  media: LocalMedia
  onJoined: (room: Room) => void
}

/** The refusals that another account may not get. */
const byAccount = new Set(['not-found', 'guests-not-allowed', 'not-admitted'])

/** The door of a meeting: how one will look and sound, and the way in, or why there is none. */
export function PrejoinPage({ code, invite, user, media, onJoined }: PrejoinPageProps) {
  const { lookup, retry } = useLookup(code, invite)
  const join = useJoin(media, onJoined)
  const closed = lookup.at === 'problem' ? lookup.problem : null
  // Before the button can be pressed.
  useLayoutEffect(() => {
    if (lookup.at === 'found') void media.start()
  }, [lookup.at])
  if (closed !== null) {
    const { title, text } = explain(closed)
    return (
      <Page actions={<AccountMenu user={user} />}>
        <section class="card notice-card" data-testid="door-closed" data-code={closed.code}>
          <span class="ended__icon">
            <DoorClosed size={32} aria-hidden="true" />
          </span>
          <p class="eyebrow code">{code}</p>
          <h1>{title}</h1>
          <p class="muted">
            {text} {closed.code === 'not-found' && 'If you were invited with an account, sign in with that one.'}
          </p>
          <div class="ended__actions">
            {closed.retryable && (
              <Button kind="primary" onClick={retry}>
                Try again
              </Button>
            )}
            {(needsSignIn(closed) || byAccount.has(closed.code)) && (
              <Link class="button button--primary" href={signInPath(meetingPath(code, invite))} testId="door-sign-in">
                {user.kind === 'guest' ? 'Sign in' : 'Use another account'}
              </Link>
            )}
            <Link class="button button--plain" href="/">
              Back to start
            </Link>
          </div>
        </section>
      </Page>
    )
  }
  if (lookup.at === 'found' && join.waited) {
    return (
      <Page actions={<AccountMenu user={user} />}>
        {join.problem === null ? (
          <WaitingCard meeting={lookup.meeting} media={media} join={join} />
        ) : (
          <WaitOver title={lookup.meeting.title} problem={join.problem} onAgain={join.reset} />
        )}
      </Page>
    )
  }
  return (
    <Page actions={<AccountMenu user={user} />}>
      <div class="prejoin">
        <Preview media={media} user={user} />
        <section class="prejoin__side" aria-label="Join">
          {lookup.at === 'found' ? (
            <JoinForm meeting={lookup.meeting} invite={lookup.invite} user={user} media={media} join={join} />
          ) : (
            <Spinner label="Looking up the meeting" large />
          )}
        </section>
      </div>
    </Page>
  )
}
