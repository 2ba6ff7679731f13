import { isProblem } from '@parley/kit'
import { afterEach, expect, test } from 'vitest'
import { createBcryptPool, type BcryptJob, type BcryptPool } from './bcrypt-pool.ts'
import { createPasswords } from './passwords.ts'

let pool: BcryptPool | undefined
afterEach(() => pool?.stop())

const ann = { address: '10.0.0.1', person: 'ann', rank: 0 }

/** A pool that only `run` matters of. */
const idle = { refuseIfBusy: () => {}, waiting: () => 0, stop: async () => {} }

const problemOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => (isProblem(error) ? error.toProblem() : error),
  )

test('A2 S18 an unknown user costs one comparison of the same price as a known one', async () => {
  const jobs: BcryptJob[] = []
  pool = { ...idle, run: async (job) => jobs.push(job) < 0 }
  const passwords = createPasswords(pool, 12)
  expect(await passwords.verify('secret', null)).toBe('none')
  expect(jobs).toEqual([
    { kind: 'compare', password: 'secret', hash: expect.stringMatching(/^\$2b\$12\$[./A-Za-z0-9]{53}$/) },
  ])
})

test('A2 the decoy is a hash that bcrypt works through, and never matches', async () => {
  const real = createBcryptPool({ size: 1 })
  pool = real
  const passwords = createPasswords(real, 10)
  const took = async (hash: string | null) => {
    const since = performance.now()
    expect(await passwords.verify('secret', hash)).toBe('none')
    return performance.now() - since
  }
  const hash = await passwords.hash('another')
  const [known, unknown] = [await took(hash), await took(null)]
  // Not a measurement: a decoy that bcrypt refuses is answered in microseconds.
  expect(unknown).toBeGreaterThan(known / 10)
  expect(await passwords.verify('another', hash)).toBe('normal')
})

test('S17 a password that bcrypt would cut is refused before it is hashed', async () => {
  pool = { ...idle, run: () => Promise.reject(new Error('hashed')) }
  const passwords = createPasswords(pool, 4)
  expect(await problemOf(passwords.hash('é'.repeat(37)))).toMatchObject({
    code: 'invalid-input',
    errors: [{ path: '/password' }],
  })
  expect(await passwords.verify('x'.repeat(73), null)).toBe('none')
})

test('lessons.md 9: beyond the short queue sign-ins are refused at once, with a time to come back', async () => {
  // Jobs that long: two may wait behind the one under way.
  pool = createBcryptPool({ size: 1, typicalMs: 800 })
  const passwords = createPasswords(pool, 8)
  const all = await Promise.all(Array.from({ length: 6 }, () => problemOf(passwords.hash('secret'))))
  const refused = all.filter((problem) => problem !== null)
  expect(refused).toHaveLength(3)
  for (const problem of refused)
    expect(problem).toMatchObject({ status: 503, code: 'unavailable', retryable: true, retryAfterMs: 2400 })
  expect(await passwords.verify('secret', await passwords.hash('secret'))).toBe('normal')
})

test('T23 in a flood a request that cannot be served in time is refused at once; an accepted one is served', async () => {
  pool = createBcryptPool({ size: 2, typicalMs: 50 })
  const passwords = createPasswords(pool, 10).of(ann)
  const hash = await passwords.hash('secret')
  const refusedAfter: number[] = []
  const servedAfter: number[] = []
  const attempt = async () => {
    const since = performance.now()
    const problem = await problemOf(passwords.verify('guess', hash))
    if (problem !== null) expect(problem).toMatchObject({ code: 'unavailable', retryAfterMs: expect.any(Number) })
    ;(problem === null ? servedAfter : refusedAfter).push(performance.now() - since)
  }
  const flood: Promise<void>[] = []
  for (let burst = 0; burst < 20; burst += 1) {
    flood.push(...Array.from({ length: 20 }, attempt))
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await Promise.all(flood)
  expect(refusedAfter.length).toBeGreaterThan(servedAfter.length)
  // Refused at once, not after a wait in the queue; the median, because a busy machine may hold up any single one.
  expect(refusedAfter.toSorted((a, b) => a - b)[Math.floor(refusedAfter.length / 2)]).toBeLessThan(50)
  expect(servedAfter.length).toBeGreaterThan(20)
  expect(Math.max(...servedAfter)).toBeLessThan(5000)
})

test('A2 a hash of less work than is asked for today is weak, whatever made it', () => {
  pool = { ...idle, run: () => Promise.reject(new Error('hashed')) }
  const passwords = createPasswords(pool, 12)
  expect(['$2b$10$x', '$2a$04$x', '$2b$12$x', '$2b$13$x'].map(passwords.isWeak)).toEqual([true, true, false, false])
})

test('lessons.md 9: a job that has waited too long is refused; the work under way is finished', async () => {
  pool = createBcryptPool({ size: 1, maxWaitMs: 20 })
  const passwords = createPasswords(pool, 11)
  const [first, second] = await Promise.all([problemOf(passwords.hash('one')), problemOf(passwords.hash('two'))])
  expect(first).toBeNull()
  expect(second).toMatchObject({ code: 'unavailable' })
})

test('a job that breaks its worker fails alone; the next one gets a new worker', async () => {
  pool = createBcryptPool({ size: 1 })
  const broken = JSON.parse('{"kind":"compare","password":"x","hash":null}') as BcryptJob
  await expect(pool.run(broken, ann)).rejects.toThrow('hash')
  expect(await pool.run({ kind: 'hash', password: 'x', cost: 4 }, ann)).toMatch(/^\$2b\$04\$/)
})

test('stopping refuses the jobs that wait', async () => {
  const stopped = createBcryptPool({ size: 1 })
  pool = stopped
  const jobs = Array.from({ length: 3 }, () => problemOf(stopped.run({ kind: 'hash', password: 'x', cost: 12 }, ann)))
  await stopped.stop()
  expect((await Promise.all(jobs)).slice(1)).toMatchObject([{ code: 'unavailable' }, { code: 'unavailable' }])
  expect(await problemOf(stopped.run({ kind: 'hash', password: 'x', cost: 4 }, ann))).toMatchObject({
    code: 'unavailable',
  })
})

test('X14 a person who guesses from one address, or four, does not keep others from signing in', async () => {
  pool = createBcryptPool({ size: 1, typicalMs: 100 })
  const passwords = createPasswords(pool, 9)
  const hash = await passwords.hash('secret')
  let attacking = true
  let refused = 0
  const attack = (address: string) =>
    Array.from({ length: 20 }, async (_, n) => {
      const mine = passwords.of({ address, person: `nobody ${n}`, rank: 1 })
      while (attacking) {
        const problem = await problemOf(mine.verify('guess', hash))
        if (problem === null) continue
        refused += 1
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })
  const attackers = ['10.6.6.1', '10.6.6.2', '10.6.6.3', '10.6.6.4'].flatMap(attack)
  const honest: unknown[] = []
  for (let n = 0; n < 15; n += 1) {
    const mine = passwords.of({ address: `10.0.0.${n}`, person: 'ann', rank: 0 })
    honest.push(await mine.verify('secret', hash).catch((error: unknown) => error))
  }
  attacking = false
  await Promise.all(attackers)
  expect(honest).toEqual(Array.from({ length: 15 }, () => 'normal'))
  expect(refused).toBeGreaterThan(0)
})

test('X14 the work of an address that brings a lot waits until nobody else has any', async () => {
  pool = createBcryptPool({ size: 1, typicalMs: 10 })
  const passwords = createPasswords(pool, 8)
  const order: string[] = []
  const work = (name: string, rank: number) =>
    passwords
      .of({ address: name, person: name, rank })
      .hash('secret')
      .then(() => order.push(name))
  await Promise.all([work('first', 0), work('ann', 0), work('ben', 0)])
  expect(order.splice(0)).toEqual(['first', 'ann', 'ben'])
  await Promise.all([work('first', 3), work('guesser', 5), work('forgetful', 2), work('slipped', 1)])
  expect(order).toEqual(['first', 'slipped', 'forgetful', 'guesser'])
})

test('X14 however long jobs take, the first one of an address that got nothing wrong has its turn', async () => {
  pool = createBcryptPool({ size: 1, typicalMs: 5000 })
  const passwords = createPasswords(pool, 8)
  const addresses = Array.from({ length: 20 }, (_, n) => `10.0.0.${n}`)
  const first = addresses.map((address) => problemOf(passwords.of({ address, person: 'ann', rank: 0 }).hash('secret')))
  const second = addresses.map((address) => problemOf(passwords.of({ address, person: 'ben', rank: 0 }).hash('secret')))
  expect((await Promise.all(first)).filter((problem) => problem !== null)).toEqual([])
  expect((await Promise.all(second)).filter((problem) => problem !== null).length).toBeGreaterThan(10)
})

test('X14 wrong passwords have threads of their own: right ones are served while they go on', async () => {
  pool = createBcryptPool({ size: 1 })
  const passwords = createPasswords(pool, 8)
  const guesser = passwords.of({ address: '10.6.6.1', person: 'nobody', rank: 5 })
  // Of a cost that takes seconds.
  const long = pool.run({ kind: 'hash', password: 'x', cost: 14 }, { address: '10.6.6.1', person: 'x', rank: 5 })
  const order: string[] = []
  await Promise.all([
    long.then(() => order.push('long')),
    guesser.hash('guess').then(() => order.push('guess')),
    passwords
      .of(ann)
      .hash('secret')
      .then(() => order.push('ann')),
  ])
  expect(order).toEqual(['ann', 'long', 'guess'])
})

test('X14 however many guess, nobody who comes with a first password is refused for them', async () => {
  pool = createBcryptPool({ size: 1, typicalMs: 500 })
  const passwords = createPasswords(pool, 8)
  const guesses = Array.from({ length: 20 }, (_, n) =>
    problemOf(passwords.of({ address: `10.6.6.${n}`, person: 'nobody', rank: 1 }).hash('guess')),
  )
  expect(await problemOf(passwords.of(ann).hash('secret'))).toBeNull()
  expect((await Promise.all(guesses)).filter((problem) => problem !== null).length).toBeGreaterThan(10)
})

test('X14 one person has a share of what waits', async () => {
  pool = createBcryptPool({ size: 1, typicalMs: 1 })
  const passwords = createPasswords(pool, 8).of(ann)
  const all = await Promise.all(Array.from({ length: 20 }, () => problemOf(passwords.hash('secret'))))
  expect(all.filter((problem) => problem !== null)).toHaveLength(7)
})
