import type { User } from '@parley/contracts'
import { Page } from '../../ui/page.tsx'
import { useTitle } from '../../ui/use-title.ts'
import { AccountMenu } from '../home/account-menu.tsx'
import { AvatarForm } from './avatar-form.tsx'
import { DataCard } from './data-card.tsx'
import { EmailState } from './email-state.tsx'
import { PasswordForm } from './password-form.tsx'
import { ProfileForm } from './profile-form.tsx'
import { SessionList } from './session-list.tsx'
import { WebhookList } from './webhook-list.tsx'

/** One's own account: profile, password, sign-ins, webhooks, and one's data. */
export function AccountPage({ user }: { user: User }) {
  useTitle('Your account')
  return (
    <Page actions={<AccountMenu user={user} />}>
      <div class="settings">
        <h1>Your account</h1>
        <section class="card settings__card" aria-labelledby="account-profile">
          <h2 id="account-profile">Profile</h2>
          <AvatarForm user={user} />
          <EmailState user={user} />
          <ProfileForm user={user} />
        </section>
        <section class="card settings__card" aria-labelledby="account-password">
          <h2 id="account-password">Password</h2>
          <PasswordForm email={user.email ?? ''} />
        </section>
        <section class="card settings__card" aria-labelledby="account-sessions">
          <h2 id="account-sessions">Where you are signed in</h2>
          <SessionList />
        </section>
        <section class="card settings__card" aria-labelledby="account-webhooks">
          <h2 id="account-webhooks">Webhooks</h2>
          <WebhookList />
        </section>
        <section class="card settings__card" aria-labelledby="account-data">
          <h2 id="account-data">Your data</h2>
          <DataCard />
        </section>
      </div>
    </Page>
  )
}
