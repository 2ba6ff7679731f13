import { useState } from 'preact/hooks'
import { meetingPath } from '../../router.ts'
import { useServices } from '../../services.ts'
import { Page } from '../../ui/page.tsx'
import { JoinByCode } from '../home/join-by-code.tsx'
import { Providers } from './providers.tsx'
import { SignInForm } from './sign-in-form.tsx'
import { SignUpForm } from './sign-up-form.tsx'
import { Stage } from './stage.tsx'

interface AuthPageProps {
  tab: 'sign-in' | 'sign-up'
  next: string
  /** Opened to sign in, not to look around: on a phone the form comes first. */
  asked?: boolean
  /** Code of the problem that a sign-in elsewhere ended with. */
  problem?: string | undefined
}

/** What somebody sees who is not signed in: what this is, a way in with a code, and both forms. */
export function AuthPage({ tab: first, next, asked = false, problem }: AuthPageProps) {
  const { router } = useServices()
  const [tab, show] = useState(first)
  const done = () => router.go(next, { replace: true })
  return (
    <Page>
      <div class={asked ? 'welcome welcome--asked' : 'welcome'}>
        <section class="welcome__pitch">
          <h1>Meetings that stay yours</h1>
          <p class="lead">
            Video, chat and screen sharing on your own server. No plugin, no download: open a link and talk.
          </p>
          <div class="welcome__join">
            <h2 class="field__label">Got a code or a link?</h2>
            <JoinByCode onCode={(code) => router.go(meetingPath(code))} />
          </div>
          <Stage />
        </section>
        <section class="card welcome__card" aria-label="Account">
          <div class="tabs" role="tablist" aria-label="Sign in or create an account">
            <AuthTab
              label="Sign in"
              testId="tab-signin"
              selected={tab === 'sign-in'}
              onSelect={() => show('sign-in')}
            />
            <AuthTab
              label="Sign up"
              testId="tab-signup"
              selected={tab === 'sign-up'}
              onSelect={() => show('sign-up')}
            />
          </div>
          {tab === 'sign-in' ? (
            <SignInForm onDone={done} problem={problem} />
          ) : (
            <SignUpForm onDone={done} onSignIn={() => show('sign-in')} />
          )}
          <Providers next={next} />
        </section>
      </div>
    </Page>
  )
}

interface AuthTabProps {
  label: string
  testId: string
  selected: boolean
  onSelect: () => void
}

const AuthTab = ({ label, testId, selected, onSelect }: AuthTabProps) => (
  <button class="tabs__tab" type="button" role="tab" aria-selected={selected} data-testid={testId} onClick={onSelect}>
    {label}
  </button>
)
