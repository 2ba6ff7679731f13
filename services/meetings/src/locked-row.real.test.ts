import type { Invite } from '@parley/contracts'
import { eraseSlice, newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tableSteps } from './privacy/store.ts'
import { createAccounts } from './testing/accounts.ts'
import { startProduct, type TestUser, type Product } from './testing/product.ts'
import { openRealWorld, type TestWorld } from './testing/world.ts'

const endsMs = 3_500
/** Those who have to wait behind all others for a connection take longer, or are refused. */
const unharmedMs = 2_000
const crowd = 60

describe('on PostgreSQL, a meeting whose row is locked by somebody else', () => {
  let world: TestWorld
  let product: Product
  let accounts: Awaited<ReturnType<typeof createAccounts>>
  beforeAll(async () => {
    world = await openRealWorld()
    accounts = await createAccounts(world)
    product = await startProduct(world)
  })
  afterAll(async () => {
    accounts.lose()
    await product.stop()
    await world.close()
  })

  const timed = async <T extends { status: number; body: unknown }>(asked: Promise<T>) => {
    const from = performance.now()
    const { status, body } = await asked
    return { status, code: (body as { code?: string }).code, ms: performance.now() - from }
  }
  const join = (code: string, count: number) =>
    Array.from({ length: count }, () => timed(product.joinByCode(product.user(), code)))

  it('T11 refuses everybody who asks for it in time, and others do not wait', async () => {
    const host = product.user()
    const [locked, other] = [await product.create(host), await product.create(host)]
    const rename = (id: string) => product.call('PATCH', `/v1/meetings/${id}`, { as: host, body: { title: 'New' } })
    await Promise.all([...join(locked.code, crowd), rename(other.id)])
    const refused = await product.db.transaction().execute(async (trx) => {
      await trx.selectFrom('meetings').select('id').where('id', '=', locked.id).forUpdate().execute()
      const waiting = [...join(locked.code, crowd), timed(rename(locked.id))]
      await new Promise((resolve) => setTimeout(resolve, 300))
      const others = [...join(other.code, 4), timed(rename(other.id))]
      for (const { status, ms } of await Promise.all(others)) {
        expect(status).toBe(200)
        expect(ms).toBeLessThan(unharmedMs)
      }
      return Promise.all(waiting)
    })
    expect(new Set(refused.map(({ status, code }) => `${status} ${code}`))).toEqual(new Set(['503 unavailable']))
    expect(Math.max(...refused.map(({ ms }) => ms))).toBeLessThan(endsMs)
    expect((await rename(locked.id)).status).toBe(200)
  }, 30_000)

  it('T11 refuses a request for an invite whose row is locked, and others do not wait', async () => {
    const [host, invited] = [product.user(), product.user()]
    const meeting = await product.create(host)
    const invite = async (user: TestUser) => {
      accounts.of(user)
      const path = `/v1/meetings/${meeting.id}/invites`
      return (await product.call<Invite>('POST', path, { as: host, body: { userId: user.id } })).body.id
    }
    const another = product.user()
    const [locked, other] = [await invite(invited), await invite(another)]
    const accept = (as: TestUser, id: string) =>
      timed(product.call('POST', `/v1/invites/${id}/accept`, { as, body: {} }))
    const refused = await product.db.transaction().execute(async (trx) => {
      await trx.selectFrom('invites').select('id').where('id', '=', locked).forUpdate().execute()
      const waiting = Array.from({ length: crowd }, () => accept(invited, locked))
      waiting.push(timed(product.call('DELETE', `/v1/invites/${locked}`, { as: host })))
      await new Promise((resolve) => setTimeout(resolve, 300))
      const { status, ms } = await accept(another, other)
      expect(status).toBe(200)
      expect(ms).toBeLessThan(unharmedMs)
      return Promise.all(waiting)
    })
    expect(new Set(refused.map(({ status, code }) => `${status} ${code}`))).toEqual(new Set(['503 unavailable']))
    expect(Math.max(...refused.map(({ ms }) => ms))).toBeLessThan(endsMs)
    expect((await accept(invited, locked)).status).toBe(200)
  }, 30_000)

  it('O11.3 an erasure takes the row once it is free, in the shape that it has then', async () => {
    const user = product.user()
    await product.create(user)
    const erasure = { userId: user.id, alias: newId(), email: null, name: 'Somebody', at: new Date().toISOString() }
    const erased = await product.db.transaction().execute(async (trx) => {
      await trx.updateTable('meetings').set({ title: 'Changed' }).where('host_id', '=', user.id).execute()
      const slice = eraseSlice(tableSteps(product.db), { ...erasure, cursor: null })
      await eventually(async () => {
        const { rows } = await sql`select 1 from pg_stat_activity where wait_event_type = 'Lock'`.execute(product.db)
        expect(rows).toHaveLength(1)
      })
      return { slice }
    })
    for (let { cursor } = await erased.slice; cursor !== null;)
      ({ cursor } = await eraseSlice(tableSteps(product.db), { ...erasure, cursor }))
    const left = await product.db.selectFrom('meetings').select('title').where('host_id', '=', user.id).execute()
    expect(left).toEqual([])
    const [row] = await product.db.selectFrom('meetings').selectAll().where('host_id', '=', erasure.alias).execute()
    expect(row).toMatchObject({ title: 'Changed', host_name: 'Deleted user' })
  }, 30_000)
})
