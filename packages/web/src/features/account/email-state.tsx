import type { User } from '@parley/contracts'
import { BadgeCheck, MailWarning } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { useTask } from '../../ui/use-task.ts'

/** The address, whether it is confirmed, and the mail for that once more. */
export function EmailState({ user }: { user: User }) {
  const { session } = useServices()
  const [sent, setSent] = useState(false)
  const task = useTask(async () => {
    await session.parley.rest.resendVerification()
    setSent(true)
  })
  return (
    <div class="email-state">
      <div class="email-state__line">
        <span class="email-state__address">{user.email}</span>
        {user.emailVerified ? (
          <span class="badge badge--good" data-testid="account-verified">
            <BadgeCheck size={16} aria-hidden="true" /> Verified
          </span>
        ) : (
          <span class="badge badge--warning" data-testid="account-unverified">
            <MailWarning size={16} aria-hidden="true" /> Not verified
          </span>
        )}
      </div>
      {!user.emailVerified && (
        <div class="email-state__line">
          <p class="choice__note">
            {sent ? 'The mail is on its way. Follow its link.' : 'Follow the link in the mail we sent you.'}
          </p>
          <Button disabled={sent} busy={task.busy} testId="account-resend" onClick={task.start}>
            {sent ? 'Sent' : 'Send it again'}
          </Button>
        </div>
      )}
      <ProblemNotice problem={task.problem} />
    </div>
  )
}
