import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anEmail, password, rest } from '../support/people.ts'
import { startStack } from '../support/product.ts'
import { sql } from '../support/sql.ts'

const rounds = 6
/** Of one person at once; with the repeats below what one may ask for in a minute. */
const tokens = 50
const mostTries = 10

describe('X33 an instance is killed between its commit and its answer', () => {
  let product: Awaited<ReturnType<typeof startStack>>
  let url: string
  beforeAll(async () => {
    product = await startStack(
      ['--gateway', '1', '--signaling', '1', '--auth', '2', '--meetings', '2', '--chat', '1', '--respawn'],
      { RATE_LIMITS: 'off', BCRYPT_COST: '4' },
    )
    url = product.gateways[0] ?? ''
  }, 120_000)
  afterAll(() => product.stop(), 60_000)

  /** Ends one of two instances in the middle of some work, and waits until it is back. */
  async function killing<T>(
    { service, round, afterMs }: { service: 'auth' | 'meetings'; round: number; afterMs: number },
    work: () => Promise<T>,
  ): Promise<T> {
    const victim = (await product.present())[service][round % 2]
    if (victim === undefined) throw new Error(`there is no ${service}`)
    const working = work()
    await sleep(afterMs)
    process.kill(victim.pid, 'SIGKILL')
    const done = await working
    await eventually(async () => {
      const back = (await product.present())[service].find(({ url: address }) => address === victim.url)
      expect(back?.pid).not.toBe(victim.pid)
      expect((await fetch(`${victim.url}/readyz`)).status).toBe(200)
    }, 30_000)
    return done
  }
  /** The steps of a client: the same again, under the same key, until there is an answer. */
  async function posted(
    path: string,
    { token, body }: { token?: string; body: object },
  ): Promise<Record<string, unknown>> {
    const headers = { 'idempotency-key': randomUUID() }
    for (let tries = 1; ; tries += 1) {
      const answer = await rest('POST', url + path, { ...(token === undefined ? {} : { token }), body, headers })
      if (answer.status === 201) return answer.body
      if (answer.status < 500 || tries === mostTries)
        throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
      await sleep(100)
    }
  }
  const account = () => ({ email: anEmail(), password, name: 'Ada', tokenDelivery: 'body' })
  const repeated = (answers: Record<string, unknown>[], field: string) => new Set(answers.map((one) => one[field])).size

  it('X33 X9d makes as many join tokens as were asked for, and answers each with its own', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const { accessToken } = await posted('/v1/auth/register', { body: account() })
      const token = String(accessToken)
      const { id } = await posted('/v1/meetings', { token, body: {} })
      const path = `/v1/meetings/${String(id)}/tokens`
      const answers = await killing({ service: 'meetings', round, afterMs: 10 + 15 * round }, () =>
        Promise.all(Array.from({ length: tokens }, () => posted(path, { token, body: {} }))),
      )
      const { items } = (await rest('GET', `${url}${path}?limit=100`, { token })).body as { items: { id: string }[] }
      expect([round, items.length, repeated(answers, 'id'), repeated(answers, 'joinToken')]).toEqual([
        round,
        tokens,
        tokens,
        tokens,
      ])
    }
  }, 180_000)

  it('X33 X9d A1 makes one account of each registration, and tells nobody that their own address is taken', async () => {
    for (let round = 0; round < 5; round += 1) {
      const accounts = Array.from({ length: 60 }, account)
      const answers = await killing({ service: 'auth', round, afterMs: 40 + 30 * round }, () =>
        Promise.all(accounts.map((body) => posted('/v1/auth/register', { body }))),
      )
      expect(repeated(answers, 'accessToken')).toBe(accounts.length)
      const list = accounts.map(({ email }) => `'${email}'`).join(',')
      const sessions = await sql<{ n: number }>(
        product.file.postgres.url,
        `select count(*)::int as n from auth.users u join auth.sessions s on s.user_id = u.id where u.email in (${list})`,
      )
      expect(sessions[0]?.n).toBe(accounts.length)
    }
  }, 180_000)
})
