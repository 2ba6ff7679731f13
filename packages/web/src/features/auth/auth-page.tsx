import { useState } from 'preact/hooks'
import { meetingPath } from '../../router.ts'
import { useServices } from '../../services.ts'
import { Page } from '../../ui/page.tsx'
import { tabId, Tabs } from '../../ui/tabs.tsx'
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

/** The page of a person who is not signed in: what this is, a way in with a code, and both forms. */
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
          <Tabs label="Sign in or create an account" tabs={tabs} value={tab} onChange={show} panel="auth-form" />
          <div id="auth-form" role="tabpanel" aria-labelledby={tabId('auth-form', tab)}>
            {tab === 'sign-in' ? (
              <SignInForm onDone={done} problem={problem} />
            ) : (
              <SignUpForm onDone={done} onSignIn={() => show('sign-in')} />
            )}
          </div>
          <Providers next={next} />
        </section>
      </div>
    </Page>
  )
}

const tabs = [
  { value: 'sign-in', label: 'Sign in', testId: 'tab-signin' },
  { value: 'sign-up', label: 'Sign up', testId: 'tab-signup' },
] as const
