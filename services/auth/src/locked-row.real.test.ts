import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuth, type Reply, type Stage, type TestAuth } from './testing/harness.ts'
import { password, signUp } from './testing/people.ts'
import { realStage } from './testing/stages.ts'

const endsMs = 3_500
/** Those who have to wait behind all others for a connection take longer, or are refused. */
const unharmedMs = 2_000
const crowd = 30

describe('on PostgreSQL, an account whose row is locked by somebody else', () => {
  let stage: Stage
  let auth: TestAuth
  beforeAll(async () => {
    stage = await realStage()
    auth = await startAuth(stage, { env: { RATE_LIMIT_PER_PRINCIPAL: '10000' } })
  })
  afterAll(async () => {
    await auth.stop()
    await stage.close()
  })

  const timed = async (asked: Promise<Reply>) => {
    const from = performance.now()
    const { status, text } = await asked
    const { code } = (text === '' ? {} : JSON.parse(text)) as { code?: string }
    return { answer: `${status} ${code}`, ms: performance.now() - from }
  }
  const many = (ask: () => Promise<Reply>, length = crowd) => Array.from({ length }, () => timed(ask()))
  const change = (bearer: string, newPassword: string) =>
    auth.call('POST', '/v1/auth/change-password', { bearer, body: { currentPassword: password, newPassword } })

  it('T11 refuses everybody who asks for it in time, and others do not wait', async () => {
    const [locked, other] = [await signUp(auth), await signUp(auth)]
    const asLocked = { bearer: locked.accessToken }
    const rename = (bearer: string) => auth.call('PATCH', '/v1/me', { bearer, body: { name: 'New' } })
    const refused = await auth.db.transaction().execute(async (trx) => {
      await trx.selectFrom('users').select('id').where('id', '=', locked.user.id).forUpdate().execute()
      const waiting = [
        ...many(() => auth.call('POST', '/v1/auth/logout-all', asLocked)),
        ...many(() => change(locked.accessToken, 'another long password'), 5),
        ...many(() => rename(locked.accessToken)),
      ]
      await new Promise((resolve) => setTimeout(resolve, 300))
      const body = { email: other.email, password, tokenDelivery: 'body' }
      const others = [timed(rename(other.accessToken)), timed(auth.call('POST', '/v1/auth/login', { body }))]
      for (const { answer, ms } of await Promise.all(others)) {
        expect(answer).toBe('200 undefined')
        expect(ms).toBeLessThan(unharmedMs)
      }
      return Promise.all(waiting)
    })
    expect(new Set(refused.map(({ answer }) => answer))).toEqual(new Set(['503 unavailable']))
    expect(Math.max(...refused.map(({ ms }) => ms))).toBeLessThan(endsMs)
    expect((await change(locked.accessToken, 'another long password')).status).toBe(204)
    expect((await auth.call('POST', '/v1/auth/logout-all', asLocked)).status).toBe(204)
  }, 30_000)
})
