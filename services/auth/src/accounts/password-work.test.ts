import { createMemoryKv, ProblemError } from '@parley/kit'
import { expect, test } from 'vitest'
import { createWorkOf } from './password-work.ts'

test('X14 work that was refused for lack of time makes no address late; work that was done does', async () => {
  const workOf = createWorkOf(createMemoryKv())
  const late = async () => (await workOf('10.0.0.1', 'ann@example.org')).late
  for (let n = 0; n < 8; n += 1) {
    expect(await late()).toBe(false)
    const refused = workOf.unlessBusy('10.0.0.1', () => Promise.reject(new ProblemError('unavailable')))
    await expect(refused).rejects.toMatchObject({ code: 'unavailable' })
  }
  for (let n = 0; n < 5; n += 1) {
    expect(await late()).toBe(false)
    const wrong = workOf.unlessBusy('10.0.0.1', () => Promise.reject(new ProblemError('invalid-credentials')))
    await expect(wrong).rejects.toMatchObject({ code: 'invalid-credentials' })
  }
  expect(await late()).toBe(true)
})
