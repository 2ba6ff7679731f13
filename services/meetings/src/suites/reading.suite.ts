import type { Meeting } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startProduct, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

type Page<T> = { items: T[]; nextCursor: string | null }

export const readingSuite = (open: OpenWorld) =>
  describe('reading', () => {
    let world: TestWorld
    let product: Product
    beforeAll(async () => {
      world = await open()
      product = await startProduct(world)
    })
    afterAll(async () => {
      await product.stop()
      await world.close()
    })

    it('M3 pages through all meetings without gap or double while new ones are made', async () => {
      const as = product.user()
      const ids = new Set<string>()
      for (let n = 0; n < 25; n += 1) ids.add((await product.create(as)).id)
      const seen: string[] = []
      let cursor = ''
      do {
        const { body } = await product.call<Page<Meeting>>('GET', `/v1/meetings?limit=4${cursor}`, { as })
        seen.push(...body.items.map(({ id }) => id))
        cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`
        await product.create(as)
      } while (cursor !== '')
      expect(seen).toHaveLength(25)
      expect(new Set(seen)).toEqual(ids)
      expect((await product.call('GET', '/v1/meetings?cursor=bm9uc2Vuc2U', { as })).body.errors?.[0]?.path).toBe(
        'query.cursor',
      )
    })

    it('M3 lists mine by role and status, and public live meetings', async () => {
      const [host, other] = [product.user('Host'), product.user('Other')]
      const open = await product.create(host, { title: 'open' })
      const hidden = await product.create(host, { type: 'private' })
      for (const meeting of [open, hidden]) await product.fact('joined', meeting, other)
      const titles = async (as: typeof host, query: string) =>
        (await product.call<Page<Meeting>>('GET', `/v1/meetings?${query}`, { as })).body.items.map(({ id }) => id)
      await eventually(async () => expect(await titles(other, 'role=joined')).toEqual([hidden.id, open.id]))
      expect(await titles(other, '')).toEqual([hidden.id, open.id])
      expect(await titles(other, 'role=host')).toEqual([])
      expect(await titles(host, 'role=host&status=live')).toEqual([hidden.id, open.id])
      expect(await titles(host, 'status=ended')).toEqual([])
      const active = await titles(product.user(), 'scope=active&limit=100')
      expect([active.includes(open.id), active.includes(hidden.id)]).toEqual([true, false])
    })

    it('M4 shows meetings by id to those who may see them, and by code', async () => {
      const [host, member, stranger, guest] = [
        product.user(),
        product.user(),
        product.user(),
        product.user('Gast', true),
      ]
      const see = async (id: string, as: typeof host) =>
        (await product.call('GET', `/v1/meetings/${id}`, { as })).status
      const byCode = async (code: string, as: typeof host) => {
        const got = await product.call('GET', `/v1/meetings/code/${code}`, { as })
        const resolved = await product.call<{ meetingId: string }>('POST', '/v1/meetings/resolve-code', {
          as,
          body: { code },
        })
        expect(resolved.status).toBe(got.status)
        return got.status
      }
      const shut = await product.create(host, { settings: { guestsAllowed: false } })
      const closed = await product.create(host, { type: 'private' })
      const invited = await product.create(host, { type: 'invited_only' })
      for (const meeting of [closed, invited]) await product.fact('joined', meeting, member)
      await eventually(async () => expect(await see(invited.id, member)).toBe(200))
      const matrix = await Promise.all(
        [shut, closed, invited].flatMap(({ id }) => [host, member, stranger, guest].map((as) => see(id, as))),
      )
      expect(matrix).toEqual([200, 200, 200, 404, 200, 200, 404, 404, 200, 200, 404, 404])
      const codes = await Promise.all(
        [shut, closed, invited].flatMap(({ code }) => [host, member, stranger].map((as) => byCode(code, as))),
      )
      expect(codes).toEqual([200, 200, 200, 200, 200, 200, 200, 200, 404])
      expect(await byCode('zzz-zzzz-zzz', host)).toBe(404)
    })

    it('S20 a meeting for the invited looks to others like one that does not exist', async () => {
      const { code } = await product.create(product.user(), { type: 'invited_only', passcode: 'secret' })
      const stranger = product.user()
      for (const [method, path, body] of [
        ['GET', '/v1/meetings/code/', undefined],
        ['POST', '/v1/meetings/join', { passcode: 'x' }],
      ] as const) {
        const ask = async (asked: string) => {
          const got = await product.call(method, body ? path : path + asked, {
            as: stranger,
            body: body && { ...body, code: asked },
          })
          return { status: got.status, ...got.body, requestId: '' }
        }
        expect(await ask(code)).toEqual(await ask('zzz-zzzz-zzz'))
      }
    })
  })
