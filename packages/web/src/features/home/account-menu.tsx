import type { User } from '@parley/contracts'
import { LogIn, LogOut, UserRoundCog } from 'lucide-preact'
import { useServices } from '../../services.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Menu } from '../../ui/menu.tsx'
import { toast } from '../../ui/toast.tsx'
import { explain } from '../../lib/explain.ts'
import { problemOf } from '../../problem-of.ts'
import { signInPath } from '../../router.ts'

/** The signed-in person, and the way out. */
export function AccountMenu({ user }: { user: User }) {
  const { session, router } = useServices()
  const signOut = () => {
    session.parley.signOut().then(
      () => router.go('/'),
      (error: unknown) => toast(explain(problemOf(error)).text, 'problem'),
    )
  }
  return (
    <Menu
      label={`Account of ${user.name}`}
      testId="account-menu"
      button={<Avatar id={user.id} name={user.name} photo={user.avatarFileId} />}
    >
      <div class="menu__head">
        <strong>
          <bdi>{user.name}</bdi>
        </strong>
        <span class="muted">{user.email ?? 'Guest'}</span>
      </div>
      {user.kind === 'guest' && (
        <button class="menu__item" type="button" onClick={() => router.go(signInPath('/'))}>
          <LogIn size={18} aria-hidden="true" /> Sign in with an account
        </button>
      )}
      {user.kind === 'user' && (
        <button class="menu__item" type="button" data-testid="open-account" onClick={() => router.go('/account')}>
          <UserRoundCog size={18} aria-hidden="true" /> Your account
        </button>
      )}
      <button class="menu__item" type="button" data-testid="sign-out" onClick={signOut}>
        <LogOut size={18} aria-hidden="true" /> Sign out
      </button>
    </Menu>
  )
}
