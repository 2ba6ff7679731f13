import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Router } from './router.ts'
import type { PageSession } from './session.ts'
import type { Theme } from './ui/theme.tsx'

/** The services that the whole page shares. */
export interface Services {
  session: PageSession
  router: Router
  theme: Theme
}

export const ServicesContext = createContext<Services | null>(null)

/** The page's services, in any component below `App`. */
export function useServices(): Services {
  const services = useContext(ServicesContext)
  if (services === null) throw new Error('useServices is used outside of App')
  return services
}
