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
  /** `invite`: of the mail that the link came with. */
  | { at: 'meeting'; code: string; invite: InviteKey | null }
  | { at: 'nowhere' }

/** The proof of an invitation, as a mail's link has it. */
export interface InviteKey {
  id: string
  token: string
}

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
  return code === null ? { at: 'nowhere' } : { at: 'meeting', code, invite: inviteOf(url) }
}

const problemIn = (url: URL): { problem?: string } => {
  const problem = url.searchParams.get('problem')
  return problem === null ? {} : { problem }
}

/** The token of a mail's link: in the fragment, which no server and no log gets to see. */
const tokenOf = (url: URL): string => new URLSearchParams(url.hash.slice(1)).get('token') ?? ''

function inviteOf(url: URL): InviteKey | null {
  const fields = new URLSearchParams(url.hash.slice(1))
  const [id, token] = [fields.get('invite'), fields.get('token')]
  return id === null || token === null ? null : { id, token }
}

/** Where to go after signing in: a path of this page only, never another site. */
function nextOf(url: URL): string {
  const next = new URL(url.searchParams.get('next') ?? '/', url.origin)
  return next.origin === url.origin ? next.pathname + next.hash : '/'
}

export interface Router {
  readonly route: ReadonlySignal<Route>
  go(path: string, how?: { replace: boolean }): void
  /** Has `stays` asked before the screen is left by a link or by Back: whether to stay. Returns the function that ends it. */
  guard(stays: () => boolean): () => void
}

/** The router of this page, on the History API. */
export function createRouter(): Router {
  const here = () => routeOf(new URL(location.href))
  const route = signal<Route>(here())
  const guards = new Set<() => boolean>()
  const stays = () => [...guards].some((guard) => guard())
  let path = location.href
  addEventListener('popstate', () => {
    if (stays()) return history.pushState(null, '', path)
    path = location.href
    route.value = here()
  })
  return {
    route,
    guard(guard) {
      guards.add(guard)
      return () => guards.delete(guard)
    },
    go(to, how = { replace: false }) {
      if (stays()) return
      history[how.replace ? 'replaceState' : 'pushState'](null, '', to)
      path = location.href
      route.value = here()
      scrollTo(0, 0)
    },
  }
}

export const meetingPath = (code: string, invite: InviteKey | null = null): string =>
  `/m/${code}${invite === null ? '' : `#invite=${invite.id}&token=${invite.token}`}`
export const invitePath = (id: string, token: string): string => `/invites/${id}#token=${token}`
export const detailsPath = (id: string): string => `/meetings/${id}`
export const signInPath = (next: string): string => `/signin?next=${encodeURIComponent(next)}`
export const signUpPath = (next: string): string => `/signup?next=${encodeURIComponent(next)}`
