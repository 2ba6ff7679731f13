import { expect, test } from 'vitest'
import { asProblem, isUniqueViolation } from './db/errors.ts'
import { isProblem, ProblemError } from './problem.ts'

test('a problem carries its kind, and its detail defaults to the title', () => {
  expect(new ProblemError('not-found').toProblem('req-12345')).toEqual({
    type: '/problems/not-found',
    title: 'Not found',
    status: 404,
    detail: 'Not found',
    code: 'not-found',
    retryable: false,
    requestId: 'req-12345',
  })
})

test('unavailable says when to try again, and the caller may say otherwise', () => {
  expect(new ProblemError('unavailable').toProblem().retryAfterMs).toBe(1000)
  expect(new ProblemError('unavailable', 'later', { retryAfterMs: 5 }).toProblem()).toMatchObject({
    retryAfterMs: 5,
    detail: 'later',
  })
})

test('isProblem tells codes apart', () => {
  expect(isProblem(new ProblemError('forbidden'), 'forbidden')).toBe(true)
  expect(isProblem(new ProblemError('forbidden'), 'internal')).toBe(false)
  expect(isProblem(new Error('x'))).toBe(false)
})

test.each(['57014', '55P03', '40P01', '08006', 'ECONNREFUSED', '53300'])(
  'a database fault %s is unavailable',
  (code) => {
    expect(asProblem(Object.assign(new Error('x'), { code }))?.code).toBe('unavailable')
  },
)

test('other faults are not shown', () => {
  expect(asProblem(Object.assign(new Error('x'), { code: '42P01' }))).toBeNull()
  expect(asProblem('text')).toBeNull()
  expect(asProblem(new Error('Query read timeout'))?.code).toBe('unavailable')
})

test('unique violations are told by constraint', () => {
  const error = Object.assign(new Error('x'), { code: '23505', constraint: 'users_email' })
  expect([
    isUniqueViolation(error),
    isUniqueViolation(error, 'users_email'),
    isUniqueViolation(error, 'other'),
  ]).toEqual([true, true, false])
})
