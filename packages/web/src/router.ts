import { signal, type ReadonlySignal } from '@preact/signals'
import { parseMeetingCode } from './lib/meeting-code.ts'

export type Route =
  | { at: 'home' }
  | { at: 'sign-in' | 'sign-up'; next: string; problem?: string }
  | { at: 'account' | 'forgot-password' }
  /** `token` of the link's fragment; empty if it is missing. */
  | { at: 'reset-password' | 'verify-email'; token: string }
  | { at: 'invite'; id: string; token: string }
  | { at: 'details'; id: string }
  | { at: 'meeting'; code: string }
  | { at: 'nowhere' }

/** The view of an address of this page. */
export function routeOf(url: URL): Route {
  const path = url.pathname.replace(/\/+$/, '')
  switch (path) {
    case '':
      return { at: 'home' }
    case '/signin':
      return { at: 'sign-in', next: nextOf(url), ...problemIn(url) }
    case '/signup':
      return { at: 'sign-up', next: nextOf(url) }
    case '/account':
      return { at: 'account' }
    case '/forgot-password':
      return { at: 'forgot-password' }
    case '/reset-password':
      return { at: 'reset-password', token: tokenOf(url) }
    case '/verify-email':
      return { at: 'verify-email', token: tokenOf(url) }
    default:
      return routeWithName(path, url)
  }
}

function routeWithName(path: string, url: URL): Route {
  const id = /^\/(invites|meetings)\/([0-9a-f-]{36})$/.exec(path)
  if (id !== null) {
    const [, kind, name = ''] = id
    return kind === 'invites' ? { at: 'invite', id: name, token: tokenOf(url) } : { at: 'details', id: name }
  }
  const code = path.startsWith('/m/') ? parseMeetingCode(path) : null
  return code === null ? { at: 'nowhere' } : { at: 'meeting', code }
}

const problemIn = (url: URL): { problem?: string } => {
  const problem = url.searchParams.get('problem')
  return problem === null ? {} : { problem }
}

/** The token of a mail's link: in the fragment, which no server and no log gets to see. */
const tokenOf = (url: URL): string => new URLSearchParams(url.hash.slice(1)).get('token') ?? ''

/** Where to go after signing in: a path of this page only, never another site. */
function nextOf(url: URL): string {
  const next = new URL(url.searchParams.get('next') ?? '/', url.origin)
  return next.origin === url.origin ? next.pathname + next.hash : '/'
}

export interface Router {
  readonly route: ReadonlySignal<Route>
  go(path: string, how?: { replace: boolean }): void
}

/** The router of this page, on the History API. */
export function createRouter(): Router {
  const here = () => routeOf(new URL(location.href))
  const route = signal<Route>(here())
  addEventListener('popstate', () => {
    route.value = here()
  })
  return {
    route,
    go(path, how = { replace: false }) {
      history[how.replace ? 'replaceState' : 'pushState'](null, '', path)
      route.value = here()
      scrollTo(0, 0)
    },
  }
}

export const meetingPath = (code: string): string => `/m/${code}`
export const invitePath = (id: string, token: string): string => `/invites/${id}#token=${token}`
export const detailsPath = (id: string): string => `/meetings/${id}`
export const signInPath = (next: string): string => `/signin?next=${encodeURIComponent(next)}`
export const signUpPath = (next: string): string => `/signup?next=${encodeURIComponent(next)}`
