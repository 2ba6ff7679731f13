import { setTimeout as sleep } from 'node:timers/promises'
import type { EntryAccess, JoinDetails, Meeting } from '@parley/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { passcodeMarks, type PasscodeGuesses } from '../passcode-check.ts'
import { createCall, type Answered, type Call } from '../testing/call.ts'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

/** The people kept from saying a passcode, and those who are not: X29, complaint 28. */
export const passcodesSuite = (open: OpenWorld) =>
  describe('passcodes', () => {
    let world: TestWorld
    let product: Product
    let call: Call
    beforeAll(async () => {
      world = await open()
      product = await startProduct(world)
      call = createCall((await product.start({ TRUST_PROXY: 'loopback' })).url)
    })
    afterAll(async () => {
      await product.stop()
      await world.close()
    })

    let addresses = 0
    const elsewhere = (): string => {
      addresses += 1
      return `10.2.${addresses >> 8}.${addresses & 255}`
    }
    const say = (as: TestUser, { code }: Meeting, passcode: string, from: string): Promise<Answered<JoinDetails>> =>
      call('POST', '/v1/meetings/join', { as, body: { code, passcode }, headers: { 'x-forwarded-for': from } })
    /** A busy machine refuses what waits too long, uncounted: whoever is told so comes again. */
    async function outcome(as: TestUser, meeting: Meeting, passcode: string, from = elsewhere()): Promise<string> {
      for (let tries = 1; ; tries += 1) {
        const { code = 'in' } = (await say(as, meeting, passcode, from)).body
        if (code !== 'unavailable' || tries === 4) return code
      }
    }
    const door = async (as: TestUser, { code }: Meeting, from: string): Promise<EntryAccess> =>
      (await call<EntryAccess>('GET', `/v1/meetings/code/${code}/access`, { as, headers: { 'x-forwarded-for': from } }))
        .body
    const guest = () => product.user('Gast', true)
    /** Different wrong passcodes by new guests of one address, ten each; their outcomes. */
    async function guessFrom(address: string, meeting: Meeting, count: number): Promise<string[]> {
      const outcomes: string[] = []
      for (let n = 0; n < count; n += 10) {
        const eve = guest()
        const some = Array.from({ length: Math.min(10, count - n) }, (_, i) => `wrong ${address} ${n + i}`)
        outcomes.push(...(await Promise.all(some.map((guess) => outcome(eve, meeting, guess, address)))))
      }
      return outcomes
    }
    const counts = (outcomes: readonly string[], what: string) => outcomes.filter((one) => one === what).length

    it('M17 X29 one person has ten different wrong passcodes, also all at once; the same slip again costs nothing', async () => {
      const meeting = await product.create(product.user(), { passcode: 'right' })
      const eve = guest()
      for (let n = 0; n < 15; n += 1) expect(await outcome(eve, meeting, 'slip')).toBe('passcode-required')
      const outcomes = await Promise.all(
        Array.from({ length: 4 }, async (_, lane) => {
          const answers: string[] = []
          for (let n = 0; n < 8; n += 1) answers.push(await outcome(eve, meeting, `wrong ${lane} ${n}`))
          return answers
        }),
      )
      expect(counts(outcomes.flat(), 'passcode-required')).toBe(passcodeMarks.person - 1)
      expect(await outcome(eve, meeting, 'right')).toBe('rate-limited')
      expect(await outcome(guest(), meeting, 'right')).toBe('in')
    })

    const { person } = passcodeMarks
    it.each([
      ['who guesses', false, { least: person, most: person }],
      // Identities of guests are free: more guesses than the class leaves room for would keep it out (decision 25).
      ['who guesses 30 times, as somebody else each time', true, { least: 30, most: 30 }],
    ])(
      'complaint 28: a class of 200 behind one address gets in, a third after a slip, beside somebody %s',
      async (_, anew, bounds) => {
        const meeting = await product.create(product.user(), { passcode: 'right' })
        const school = elsewhere()
        const eve = guest()
        const guesses: string[] = []
        const guessing = (async () => {
          for (let n = 0; n < (anew ? 30 : 100); n += 1)
            guesses.push(await outcome(anew ? guest() : eve, meeting, `guess ${n}`, school))
        })()
        const pupil = async (n: number): Promise<string> => {
          const as = guest()
          if (n % 3 === 0)
            expect(['passcode-required', 'rate-limited']).toContain(await outcome(as, meeting, `slip ${n}`, school))
          // While the guesser is ahead there may be no room for a moment: each who gets in makes some.
          for (let tries = 0; tries < 100; tries += 1) {
            const answer = await outcome(as, meeting, 'right', school)
            if (answer !== 'rate-limited') return answer
            await sleep(100)
          }
          return 'rate-limited'
        }
        const since = performance.now()
        const outcomes = await Promise.all(Array.from({ length: 200 }, (_, n) => pupil(n)))
        process.stdout.write(`a class of 200 was in after ${Math.round(performance.now() - since)} ms\n`)
        await guessing
        expect(counts(outcomes, 'in')).toBe(200)
        expect(counts(guesses, 'passcode-required')).toBeGreaterThanOrEqual(bounds.least)
        expect(counts(guesses, 'passcode-required')).toBeLessThanOrEqual(bounds.most)
      },
      60_000,
    )

    it('M17 S19 X29 a guesser with a new account for each guess gets 50 per address and meeting; the host can lift the block', async () => {
      const host = product.user()
      const [meeting, other] = [
        await product.create(host, { passcode: 'right' }),
        await product.create(host, { passcode: 'right' }),
      ]
      const address = elsewhere()
      const guesses = (where: Meeting, as: () => TestUser) =>
        Promise.all(Array.from({ length: 80 }, (_, n) => outcome(as(), where, `guess ${n}`, address)))
      for (const where of [meeting, other])
        for (const as of [guest, () => product.user('Eve')])
          expect(counts(await guesses(where, as), 'passcode-required')).toBe(passcodeMarks.address)
      expect(await outcome(guest(), meeting, 'right', address)).toBe('rate-limited')
      const seen = await product.call<Meeting & { passcodeGuesses?: PasscodeGuesses }>(
        'GET',
        `/v1/meetings/${meeting.id}`,
        { as: host },
      )
      expect(seen.body.passcodeGuesses?.turnedAway).toBeGreaterThan(20)
      await product.call('DELETE', `/v1/meetings/${meeting.id}/passcode-guesses`, { as: host })
      expect(await outcome(guest(), meeting, 'right', address)).toBe('in')
    }, 60_000)

    it('M17 S19 an address whose guests have guessed too much keeps out its guests only, and says so at the door', async () => {
      const host = product.user()
      const meeting = await product.create(host, { passcode: 'right' })
      const address = elsewhere()
      const outcomes = await guessFrom(address, meeting, 120)
      expect(counts(outcomes, 'passcode-required')).toBe(passcodeMarks.address)
      expect(await outcome(guest(), meeting, 'right', address)).toBe('rate-limited')
      const told = await door(guest(), meeting, address)
      expect(told).toMatchObject({ canEnter: false, reason: 'too-many-passcodes', next: 'try-later' })
      expect(told.retryAfterMs).toBeGreaterThan(60_000)
      expect(await outcome(product.user('Colleague'), meeting, 'right', address)).toBe('in')
      expect(await outcome(guest(), meeting, 'right')).toBe('in')
      expect((await door(guest(), meeting, elsewhere())).next).toBe('join-with-passcode')
    }, 60_000)

    it('X29 a hundred wrong ones of ten addresses keep nobody else out; more than 300 only new guests', async () => {
      const host = product.user()
      const meeting = await product.create(host, { passcode: 'right' })
      const invited = product.user('Ina')
      await product.call('POST', `/v1/meetings/${meeting.id}/invites`, { as: host, body: { userId: invited.id } })
      const attack = async (rounds: number) =>
        (await Promise.all(Array.from({ length: rounds }, () => guessFrom(elsewhere(), meeting, 10)))).flat()
      expect(counts(await attack(10), 'passcode-required')).toBe(100)
      for (const as of [invited, product.user(), guest()]) expect(await outcome(as, meeting, 'right')).toBe('in')
      expect(counts(await attack(25), 'passcode-required')).toBe(200)
      expect(await outcome(guest(), meeting, 'right')).toBe('rate-limited')
      for (const as of [invited, product.user()]) expect(await outcome(as, meeting, 'right')).toBe('in')

      const view = async () => {
        const { body } = await product.call<Meeting & { passcodeGuesses?: PasscodeGuesses }>(
          'GET',
          `/v1/meetings/${meeting.id}`,
          { as: host },
        )
        return body.passcodeGuesses
      }
      expect(await view()).toMatchObject({ wrong: 300, locked: true })
      expect((await view())?.turnedAway).toBeGreaterThan(0)
      const path = `/v1/meetings/${meeting.id}/passcode-guesses`
      expect((await product.call('DELETE', path, { as: host })).status).toBe(204)
      expect((await product.call('GET', path, { as: host })).body).toEqual({ wrong: 0, turnedAway: 0, locked: false })
      expect(await outcome(guest(), meeting, 'right')).toBe('in')
    }, 60_000)

    it('X29 a new passcode begins anew', async () => {
      const host = product.user()
      const meeting = await product.create(host, { passcode: 'right' })
      const eve = guest()
      for (let n = 0; n < 11; n += 1) await outcome(eve, meeting, `wrong ${n}`)
      expect(await outcome(eve, meeting, 'right')).toBe('rate-limited')
      await product.call('PATCH', `/v1/meetings/${meeting.id}`, { as: host, body: { passcode: 'another' } })
      expect(await outcome(eve, meeting, 'right')).toBe('passcode-required')
      expect(await outcome(eve, meeting, 'another')).toBe('in')
    })

    it('X13 accounts that set passcodes as fast as they can do not keep others from saying theirs', async () => {
      const [eve, host] = [product.user('Eve'), product.user('Host')]
      const [own, meeting] = [await product.create(eve), await product.create(host, { passcode: 'right' })]
      let attacking = true
      const attack = Array.from({ length: 40 }, async (_, n) => {
        while (attacking) {
          const body = { passcode: `secret ${n}` }
          await call('PATCH', `/v1/meetings/${own.id}`, { as: eve, body, headers: { 'x-forwarded-for': '10.9.9.9' } })
        }
      })
      for (let n = 0; n < 20; n += 1) expect(await outcome(product.user(), meeting, 'right')).toBe('in')
      attacking = false
      await Promise.all(attack)
    }, 60_000)
  })
