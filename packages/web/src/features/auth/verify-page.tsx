import type { Problem, VerificationRequest } from '@parley/contracts'
import { MailCheck, MailX, Unlink } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { explain } from '../../lib/explain.ts'
import { formatDate } from '../../lib/time.ts'
import { useServices } from '../../services.ts'
import { attempt } from '../../ui/attempt.ts'
import { Button } from '../../ui/button.tsx'
import { Name } from '../../ui/name.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { Page } from '../../ui/page.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { useLoaded } from '../../ui/use-loaded.ts'
import { useTask } from '../../ui/use-task.ts'
import { useTitle } from '../../ui/use-title.ts'
import { brokenLink, looksLikeToken } from './link-token.ts'
import { Outcome } from './outcome.tsx'

/**
 * Where the mail that confirms an address leads. Programs open links too, and strangers register with others' addresses: the page
 * says who asks, and does nothing until somebody decides.
 */
export const VerifyEmailPage = ({ token }: { token: string }) => {
  useTitle('E-mail address')
  return looksLikeToken(token) ? <ConfirmAddress token={token} /> : <Broken problem={brokenLink} />
}

function ConfirmAddress({ token }: { token: string }) {
  const { session } = useServices()
  const { rest } = session.parley
  const [done, setDone] = useState<'confirmed' | 'refused' | null>(null)
  const { value: asked, problem } = useLoaded(() => rest.readVerification({ body: { token } }), [token])
  const confirm = useTask(async () => {
    await rest.verifyEmail({ body: { token } })
    setDone('confirmed')
    // It may be the address of another account than the one that is signed in here.
    if (session.user.peek() !== null) attempt(rest.me().then((user) => session.update(user)))
  })
  const refuse = useTask(async () => {
    await rest.refuseVerification({ body: { token } })
    setDone('refused')
  })
  if (done !== null) return <Done how={done} />
  if (asked?.confirmed === true) return <Done how="confirmed" />
  const failed = confirm.problem ?? refuse.problem
  if (problem !== null || failed?.code === 'invalid-link') return <Broken problem={problem ?? failed ?? brokenLink} />
  return (
    <Page>
      {asked === null ? (
        <Spinner label="Opening the link" large />
      ) : (
        <section class="card guest" data-testid="verify-asks">
          <h1>Is this your account?</h1>
          <Facts asked={asked} />
          <p class="muted">Confirm only what you made yourself. Invitations to the address will be its account’s.</p>
          <ProblemNotice problem={failed} />
          <div class="ended__actions">
            <Button kind="primary" busy={confirm.busy} testId="verify-confirm" onClick={confirm.start}>
              Yes, confirm the address
            </Button>
            <Button busy={refuse.busy} testId="verify-refuse" onClick={refuse.start}>
              That was not me
            </Button>
          </div>
        </section>
      )}
    </Page>
  )
}

const Facts = ({ asked: { email, name, createdAt } }: { asked: VerificationRequest }) => (
  <p>
    The account of <strong>{<Name of={name} />}</strong> was made on {formatDate(createdAt)} with the address{' '}
    <strong>
      <bdi>{email}</bdi>
    </strong>
    .
  </p>
)

const Done = ({ how }: { how: 'confirmed' | 'refused' }) =>
  how === 'confirmed' ? (
    <Outcome icon={MailCheck} title="Your e-mail address is confirmed" testId="verify-done">
      Thank you. Invitations to it appear on your start page.
    </Outcome>
  ) : (
    <Outcome icon={MailX} title="The address stays unconfirmed" testId="verify-refused">
      Thank you for saying so. We send you no more mails about this account.
    </Outcome>
  )

function Broken({ problem }: { problem: Problem }) {
  const { title, text } = explain(problem)
  return (
    <Outcome icon={Unlink} title={title} testId="link-broken" action={{ href: '/account', label: 'Your account' }}>
      {text}
    </Outcome>
  )
}
