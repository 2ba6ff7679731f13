import type { Problem } from '@parley/contracts'
import { MailCheck, Unlink } from 'lucide-preact'
import { useEffect, useState } from 'preact/hooks'
import { explain } from '../../lib/explain.ts'
import { problemOf } from '../../problem-of.ts'
import { useServices } from '../../services.ts'
import { attempt } from '../../ui/attempt.ts'
import { Page } from '../../ui/page.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { useTitle } from '../../ui/use-title.ts'
import { brokenLink, looksLikeToken } from './link-token.ts'
import { Outcome } from './outcome.tsx'

type Checked = 'checking' | 'verified' | Problem

/** Where the mail that confirms an address leads; it does so at once. */
export function VerifyEmailPage({ token }: { token: string }) {
  useTitle('E-mail address')
  const { session } = useServices()
  const [checked, setChecked] = useState<Checked>(looksLikeToken(token) ? 'checking' : brokenLink)
  useEffect(() => {
    if (checked !== 'checking') return
    const { rest } = session.parley
    rest.verifyEmail({ body: { token } }).then(
      () => {
        setChecked('verified')
        // It may be the address of another account than the one that is signed in here.
        if (session.user.peek() !== null) attempt(rest.me().then((user) => session.update(user)))
      },
      (error: unknown) => setChecked(problemOf(error)),
    )
  }, [])
  if (checked === 'checking') {
    return (
      <Page>
        <Spinner label="Confirming the address" large />
      </Page>
    )
  }
  if (checked === 'verified') {
    return (
      <Outcome icon={MailCheck} title="Your e-mail address is confirmed" testId="verify-done">
        Thank you. Invitations to it appear on your start page.
      </Outcome>
    )
  }
  const { title, text } = explain(checked)
  return (
    <Outcome icon={Unlink} title={title} testId="link-broken" action={{ href: '/account', label: 'Your account' }}>
      {text}
    </Outcome>
  )
}
