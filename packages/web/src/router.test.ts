import { isPagePath } from '@parley/contracts'
import { describe, expect, test } from 'vitest'
import { routeOf, signInPath } from './router.ts'

const at = (path: string) => routeOf(new URL(path, 'https://meet.example.com'))

const id = '0190aaaa-0000-7000-8000-000000000001'

describe('O8 routeOf', () => {
  test.each([
    ['/', { at: 'home' }],
    ['/signin', { at: 'sign-in', next: '/' }],
    ['/signup/?next=/m/abc-defg-hij', { at: 'sign-up', next: '/m/abc-defg-hij' }],
    ['/m/abc-defg-hij', { at: 'meeting', code: 'abc-defg-hij', invite: null }],
    ['/m/ABCDEFGHIJ/', { at: 'meeting', code: 'abc-defg-hij', invite: null }],
    [`/m/abc-defg-hij#invite=${id}&token=abc`, { at: 'meeting', code: 'abc-defg-hij', invite: { id, token: 'abc' } }],
    ['/m/abc', { at: 'nowhere' }],
    ['/signin?problem=oauth-failed', { at: 'sign-in', next: '/', problem: 'oauth-failed' }],
    ['/account', { at: 'account' }],
    ['/reset-password#token=abc', { at: 'reset-password', token: 'abc' }],
    ['/verify-email', { at: 'verify-email', token: '' }],
    [`/invites/${id}#token=abc`, { at: 'invite', id, token: 'abc' }],
    [
      `/signin?next=${encodeURIComponent(`/invites/${id}#token=abc`)}`,
      { at: 'sign-in', next: `/invites/${id}#token=abc` },
    ],
    [`/meetings/${id}`, { at: 'details', id }],
    ['/meetings/1', { at: 'nowhere' }],
    ['/elsewhere', { at: 'nowhere' }],
  ])('%s', (path, route) => {
    expect(at(path)).toEqual(route)
    // H13 The gateway answers 404 for what this page does not know.
    expect(isPagePath(new URL(path, 'https://meet.example.com').pathname)).toBe(route.at !== 'nowhere')
  })

  test.each(['https://evil.example/x', '//evil.example/x', '/\\evil.example', 'javascript:alert(1)'])(
    'never goes on to %s',
    (next) => {
      const route = at(signInPath(next))
      expect(route).toMatchObject({ at: 'sign-in', next: '/' })
    },
  )
})
