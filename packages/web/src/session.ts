import type { Parley, ParleyOptions } from '@parley/client'
import type { User } from '@parley/contracts'
import { signal, type ReadonlySignal } from '@preact/signals'
import { report } from './report.ts'
import { toast } from './ui/toast.tsx'

/** The person who uses the page, and the SDK that speaks for them. */
export interface Session {
  readonly parley: Parley
  readonly user: ReadonlySignal<User | null>
  /** True until it is known whether an earlier sign-in still holds. */
  readonly restoring: ReadonlySignal<boolean>
  /** The person after a change of the profile. */
  update(user: User): void
  restore(): Promise<void>
}

/** Says why nobody is signed in here any more; what the person did in another tab of the browser is theirs to know. */
export const tellSignedOut: NonNullable<ParleyOptions['onSignedOut']> = (why) =>
  toast(
    why === 'replaced'
      ? 'Somebody else signed in in this browser, so you are signed out here.'
      : 'Your sign-in has ended. Please sign in again.',
    'problem',
  )

/** The session of this page on a Parley. */
export function createSession(parley: Parley): Session {
  const restoring = signal(true)
  const user = signal(parley.user.get())
  parley.user.subscribe(() => (user.value = parley.user.get()))
  return {
    parley,
    user,
    restoring,
    update(changed) {
      user.value = changed
    },
    async restore() {
      try {
        await parley.restore()
      } catch (error) {
        // Not signed in, as far as anybody can tell; signing in will show what is wrong.
        report('The earlier sign-in could not be restored', error)
      } finally {
        restoring.value = false
      }
    },
  }
}
