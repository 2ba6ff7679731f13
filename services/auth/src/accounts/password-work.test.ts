import { createMemoryKv, ProblemError } from '@parley/kit'
import { expect, test } from 'vitest'
import { createRegistrationOf, createWorkOf } from './password-work.ts'

test('X14 work that was right counts as none, also when it is given back after its window', async () => {
  const workOf = createWorkOf(createMemoryKv())
  for (let n = 0; n < 3; n += 1) await workOf.wasRight('10.0.0.1')
  expect((await workOf('10.0.0.1', 'ann@example.org')).rank).toBe(0)
})

test('X14 accounts that an address makes delay the next ones, and no sign-in there', async () => {
  const kv = createMemoryKv()
  const [workOf, registrationOf] = [createWorkOf(kv), createRegistrationOf(kv)]
  const rank = async () => (await registrationOf('10.0.0.1', 'ann@example.org')).rank
  expect([await rank(), await rank(), await rank()]).toEqual([1, 2, 3])
  expect((await workOf('10.0.0.1', 'ann@example.org')).rank).toBe(0)
})

test('X14 work that was refused for lack of time does not count against an address; each wrong one does', async () => {
  const workOf = createWorkOf(createMemoryKv())
  const rank = async () => (await workOf('10.0.0.1', 'ann@example.org')).rank
  for (let n = 0; n < 8; n += 1) {
    expect(await rank()).toBe(0)
    const refused = workOf.unlessBusy('10.0.0.1', () => Promise.reject(new ProblemError('unavailable')))
    await expect(refused).rejects.toMatchObject({ code: 'unavailable' })
  }
  for (let n = 0; n < 5; n += 1) {
    expect(await rank()).toBe(n)
    const wrong = workOf.unlessBusy('10.0.0.1', () => Promise.reject(new ProblemError('invalid-credentials')))
    await expect(wrong).rejects.toMatchObject({ code: 'invalid-credentials' })
  }
  expect(await rank()).toBe(5)
})
