import type { SignInProvider } from '@parley/contracts'
import { useEffect, useState } from 'preact/hooks'
import { report } from '../../report.ts'
import { useServices } from '../../services.ts'

/** The ways to sign in elsewhere, if there are any; afterwards one is sent back to `next`. */
export function Providers({ next }: { next: string }) {
  const { session } = useServices()
  const [providers, setProviders] = useState<readonly SignInProvider[]>([])
  useEffect(() => {
    let current = true
    session.parley.rest.providers().then(
      ({ items }) => current && setProviders(items),
      // E-mail and password are there all the same.
      (error: unknown) => report('The sign-in providers could not be read', error),
    )
    return () => {
      current = false
    }
  }, [])
  if (providers.length === 0) return null
  return (
    <div class="providers">
      <p class="providers__or">or</p>
      {providers.map(({ id, name, url }) => (
        <a
          key={id}
          class="button button--plain button--wide"
          href={`${url}?returnTo=${encodeURIComponent(next)}`}
          data-testid={`provider-${id}`}
        >
          Continue with {name}
        </a>
      ))}
    </div>
  )
}
