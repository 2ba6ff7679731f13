import { useEffect } from 'preact/hooks'
import { AuthPage } from './features/auth/auth-page.tsx'
import { ForgotPasswordPage } from './features/auth/forgot-page.tsx'
import { ResetPasswordPage } from './features/auth/reset-page.tsx'
import { VerifyEmailPage } from './features/auth/verify-page.tsx'
import { AccountPage } from './features/account/account-page.tsx'
import { HomePage } from './features/home/home-page.tsx'
import { InvitePage } from './features/invites/invite-page.tsx'
import { detailsPath, type Route } from './router.ts'
import { ServicesContext, useServices, type Services } from './services.ts'
import { later } from './ui/later.tsx'
import { Link } from './ui/link.tsx'
import { Page } from './ui/page.tsx'
import { Spinner } from './ui/spinner.tsx'
import { useFocusOnScreen } from './ui/use-focus.ts'
import { ToastHost } from './ui/toast.tsx'

const MeetingPage = later(async () => (await import('./features/meeting-page.tsx')).MeetingPage)
const DetailsPage = later(async () => (await import('./features/details/details-page.tsx')).DetailsPage)

/** The whole page. */
export const App = ({ services }: { services: Services }) => (
  <ServicesContext.Provider value={services}>
    <Screen />
    <ToastHost />
  </ServicesContext.Provider>
)

function Screen() {
  const { session, router } = useServices()
  const route = router.route.value
  useFocusOnScreen(`${route.at} ${session.user.value?.id ?? ''} ${session.restoring.value}`)
  if (session.restoring.value) return <Starting route={route} />
  switch (route.at) {
    case 'home':
      return session.user.value === null ? <AuthPage tab="sign-in" next="/" /> : <HomePage user={session.user.value} />
    case 'sign-in':
    case 'sign-up':
      return <AuthPage key={route.at} tab={route.at} next={route.next} problem={route.problem} asked />
    case 'account':
      return session.user.value?.kind === 'user' ? (
        <AccountPage user={session.user.value} />
      ) : (
        <AuthPage tab="sign-in" next="/account" asked />
      )
    case 'forgot-password':
      return <ForgotPasswordPage />
    case 'reset-password':
      return <ResetPasswordPage key={route.token} token={route.token} />
    case 'verify-email':
      return <VerifyEmailPage key={route.token} token={route.token} />
    case 'invite':
      return <InvitePage key={route.id} id={route.id} token={route.token} />
    case 'details':
      return session.user.value?.kind === 'user' ? (
        <DetailsPage key={route.id} id={route.id} user={session.user.value} />
      ) : (
        <AuthPage tab="sign-in" next={detailsPath(route.id)} asked />
      )
    case 'meeting':
      return <MeetingPage key={route.code} code={route.code} invite={route.invite} />
    case 'nowhere':
      return <Nowhere />
    default:
      return route satisfies never
  }
}

/** While it is asked who is here, the code of the screen comes: over a slow link that is a second. */
function Starting({ route }: { route: Route }) {
  useEffect(() => {
    if (route.at === 'meeting') MeetingPage.begin()
    if (route.at === 'details') DetailsPage.begin()
  }, [route.at])
  return (
    <main class="center-screen">
      <Spinner label="Starting" large />
    </main>
  )
}

const Nowhere = () => (
  <Page>
    <section class="card notice-card">
      <h1>Page not found</h1>
      <p class="muted">
        The address may be incomplete. Meeting links look like <span class="code">/m/abc-defg-hij</span>.
      </p>
      <Link class="button button--primary" href="/">
        Go to the start page
      </Link>
    </section>
  </Page>
)
