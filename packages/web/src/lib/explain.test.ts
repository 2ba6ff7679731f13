import type { Problem } from '@parley/contracts'
import { expect, test } from 'vitest'
import { explain, faultOf } from './explain.ts'

const problem = (given: Partial<Problem>): Problem => ({
  type: '/problems/x',
  title: 'The request does not match its schema',
  status: 400,
  detail: 'The request does not match its schema',
  code: 'invalid-input',
  retryable: false,
  ...given,
})

test('O8 a refused input says what to enter, not what a validator says', () => {
  const refused = problem({ errors: [{ path: '/newPassword', message: 'must NOT have fewer than 8 characters' }] })
  expect(explain(refused).title).toBe('Some entries aren’t valid')
  expect(faultOf(refused, 'newPassword')).toBe('Use at least 8 characters.')
  expect(faultOf(refused, 'email')).toBeUndefined()
  expect(faultOf(problem({ errors: [{ path: '/scheduledAt', message: 'is in the past' }] }), 'scheduledAt')).toBe(
    'Choose a time in the future.',
  )
})

test.each([
  ['mic', 'microphones'],
  ['cam', 'cameras'],
  ['screen', 'screen sharing'],
])('O8 a meeting without %s says that the host has turned off %s', (kind, words) => {
  const refused = problem({ code: 'forbidden', detail: `This meeting does not allow: ${kind}` })
  expect(explain(refused).title).toBe(`The host has turned off ${words}`)
})

test('O8 too many attempts say when the next one may be', () => {
  expect(explain(problem({ code: 'rate-limited', retryAfterMs: 240_000 })).text).toBe('Try again in 4 minutes.')
})
