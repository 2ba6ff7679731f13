import type { Parley, ParleyOptions } from '@parley/client'
import type { User } from '@parley/contracts'
import { signal, type ReadonlySignal } from '@preact/signals'
import { report } from './report.ts'
import { toast } from './ui/toast.tsx'

/** The person who uses the page, and the SDK that speaks for them. */
export interface PageSession {
  readonly parley: Parley
  readonly user: ReadonlySignal<User | null>
  /** True until it is known whether an earlier sign-in still holds. */
  readonly restoring: ReadonlySignal<boolean>
  /** The person after a change of the profile. */
  update(user: User): void
  restore(): Promise<void>
  /** Becomes a guest under this name. */
  introduce(name: string): Promise<void>
  /** They have said just now what they want to be called. */
  readonly introduced: ReadonlySignal<boolean>
  /** Why nobody is signed in here any more, until somebody is. */
  readonly endedBecause: ReadonlySignal<string | null>
}

type SignedOutBecause = Parameters<NonNullable<ParleyOptions['onSignedOut']>>[0]

/** A person knows what they did in another tab. */
const whySignedOut: Readonly<Record<SignedOutBecause, string>> = {
  replaced: 'Somebody else signed in in this browser, so you are signed out here.',
  expired: 'Your sign-in was ended, here or on another device, or it is too old. Please sign in again.',
}

/** The session of this page on a Parley, which is made with what hears the end of a sign-in. */
export function createSession(connect: (onSignedOut: (why: SignedOutBecause) => void) => Parley): PageSession {
  const endedBecause = signal<string | null>(null)
  const parley = connect((why) => {
    endedBecause.value = whySignedOut[why]
    toast(whySignedOut[why], 'problem')
  })
  const restoring = signal(true)
  const introduced = signal(false)
  const user = signal(parley.user.get())
  parley.user.subscribe(() => {
    user.value = parley.user.get()
    if (user.value !== null) endedBecause.value = null
  })
  return {
    parley,
    user,
    restoring,
    introduced,
    endedBecause,
    async introduce(name) {
      await parley.signInAsGuest({ name })
      introduced.value = true
    },
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
