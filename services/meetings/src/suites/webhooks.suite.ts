import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NewWebhook, Webhook, WebhookDelivery } from '@parley/contracts'
import { meetingsBus } from '@parley/contracts'
import { request, newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { Webhook as Verifier } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccounts } from '../testing/accounts.ts'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import { startReceiver, type Received, type Receiver } from '../testing/receiver.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

const waitMs = 20_000
/** Times of days, shortened. */
const settings = {
  WEBHOOK_ALLOW_HTTP: 'on',
  WEBHOOK_ALLOW_HOSTS: '127.0.0.1',
  WEBHOOK_RETRY_MS: '100',
  WEBHOOK_TIMEOUT_MS: '1000',
  WEBHOOK_HOLD_SECONDS: '2',
  WEBHOOK_GIVE_UP_SECONDS: '4',
  WEBHOOK_DISABLE_SECONDS: '3600',
  WEBHOOK_SECRET: 'a secret of tests, of more than thirty-two letters',
}

export const webhooksSuite = (open: OpenWorld) =>
  describe('webhooks', () => {
    let world: TestWorld
    let product: Product
    let receiver: Receiver
    let mailDir: string
    let accounts: Awaited<ReturnType<typeof createAccounts>>
    beforeAll(async () => {
      mailDir = await mkdtemp(join(tmpdir(), 'parley-webhooks-'))
      world = await open()
      accounts = await createAccounts(world)
      product = await startProduct(world, { ...settings, MAIL_DIR: mailDir })
      receiver = await startReceiver()
    })
    afterAll(async () => {
      accounts.lose()
      await product.stop()
      await receiver.stop()
      await world.close()
      await rm(mailDir, { recursive: true, force: true })
    })

    const user = (): TestUser => product.user('Host')
    const webhook = async (as: TestUser, path: string, more: object = {}) => {
      const body = { url: `${receiver.url}${path}`, ...more }
      const made = await product.call<NewWebhook>('POST', '/v1/webhooks', { as, body })
      expect(made.status).toBe(201)
      return made.body
    }
    /** Changes the title of a meeting, once a step: events in an order that shows. */
    async function rename(as: TestUser, { id }: { id: string }, titles: readonly string[]): Promise<void> {
      for (const title of titles) {
        const { etag } = await product.call('GET', `/v1/meetings/${id}`, { as })
        const headers = { 'if-match': etag ?? '' }
        const { status } = await product.call('PATCH', `/v1/meetings/${id}`, { as, body: { title }, headers })
        expect(status).toBe(200)
      }
    }
    const titleOf = ({ message }: Received) => (message.data as { meeting: { title: string } }).meeting.title
    const titles = (deliveries: readonly Received[]) => deliveries.map(titleOf)
    const deliveries = async (as: TestUser, { id }: { id: string }) =>
      (await product.call<{ items: WebhookDelivery[] }>('GET', `/v1/webhooks/${id}/deliveries`, { as })).body.items
    const read = async (as: TestUser, { id }: { id: string }) =>
      (await product.call<Webhook>('GET', `/v1/webhooks/${id}`, { as })).body

    it('O10.1 O10.2 S34 sends what the event stream tells, in order, signed as Standard Webhooks has it', async () => {
      const host = user()
      const made = await webhook(host, '/signed')
      const meeting = await product.create(host, { title: 'A' })
      await rename(host, meeting, ['B', 'C', 'D'])
      await eventually(() => expect(titles(receiver.at('/signed'))).toEqual(['B', 'C', 'D']), waitMs)
      const [first] = receiver.at('/signed')
      expect(first?.message).toMatchObject({ id: first?.headers['webhook-id'], type: 'meeting.updated' })
      const verify = (secret: string, { body, headers }: Received) =>
        new Verifier(secret).verify(body, headers as Record<string, string>)
      for (const delivery of receiver.at('/signed')) expect(verify(made.secret, delivery)).toEqual(delivery.message)
      // Both secrets sign for a while, then the new one alone.
      const rotate = (body: object) =>
        product.call<NewWebhook>('POST', `/v1/webhooks/${made.id}/rotate-secret`, { as: host, body })
      const { secret } = (await rotate({})).body
      await rename(host, meeting, ['E'])
      await eventually(() => expect(titles(receiver.at('/signed'))).toContain('E'), waitMs)
      const both = receiver.at('/signed').at(-1)
      if (both === undefined) throw new Error('nothing came')
      for (const one of [secret, made.secret]) expect(verify(one, both)).toEqual(both.message)
      await rotate({ keepPreviousSeconds: 0 })
      await rename(host, meeting, ['F'])
      await eventually(() => expect(titles(receiver.at('/signed'))).toContain('F'), waitMs)
      const last = receiver.at('/signed').at(-1)
      if (last === undefined) throw new Error('nothing came')
      for (const old of [secret, made.secret]) expect(() => verify(old, last)).toThrow(/signature/)
      const { rows } = { rows: await product.db.selectFrom('webhooks').select('secret').execute() }
      expect(rows.every(({ secret: kept }) => kept.startsWith('gcm1:'))).toBe(true)
    })

    it('O10.3 a receiver that was down gets all of each meeting in order, each id once', async () => {
      const host = user()
      const down = await startReceiver()
      await down.stop()
      const made = await product.call<NewWebhook>('POST', '/v1/webhooks', { as: host, body: { url: `${down.url}/` } })
      const meetings = [await product.create(host), await product.create(host), await product.create(host)]
      const steps = ['1', '2', '3', '4']
      await Promise.all(meetings.map((meeting) => rename(host, meeting, steps)))
      await eventually(async () => {
        expect((await deliveries(host, made.body)).some(({ attempts }) => attempts > 1)).toBe(true)
        expect(await read(host, made.body)).toMatchObject({ status: 'enabled', failingSince: expect.any(String) })
      }, waitMs)
      const up = await startReceiver(Number(new URL(down.url).port))
      await eventually(() => expect(up.received.length).toBe(12), waitMs)
      for (const { id } of meetings)
        expect(titles(up.received.filter(({ message }) => JSON.stringify(message).includes(id)))).toEqual(steps)
      expect(new Set(up.received.map(({ headers }) => headers['webhook-id'])).size).toBe(12)
      await eventually(async () => expect(await read(host, made.body)).not.toHaveProperty('failingSince'), waitMs)
      await up.stop()
    })

    it('O10.4 an event that fails holds back only its meeting, for a while; then the later ones say what is missing', async () => {
      const host = user()
      const made = await webhook(host, '/poison')
      const [bad, good] = [await product.create(host), await product.create(host)]
      receiver.answer((delivery) => (delivery.path === '/poison' && titleOf(delivery) === 'poison' ? 500 : 204))
      await rename(host, bad, ['before', 'poison', 'after'])
      await rename(host, good, ['x', 'y'])
      const arrived = () => titles(receiver.at('/poison')).filter((title) => title !== 'poison')
      await eventually(() => expect(arrived()).toEqual(['before', 'x', 'y']), waitMs)
      await eventually(() => expect(arrived()).toEqual(['before', 'x', 'y', 'after']), waitMs)
      const after = receiver.at('/poison').find((delivery) => titleOf(delivery) === 'after')
      const poison = receiver.at('/poison').findLast((delivery) => titleOf(delivery) === 'poison')
      expect(after?.message.missing).toEqual([poison?.message.id])
      await eventually(async () => {
        const failed = (await deliveries(host, made)).filter(({ status }) => status === 'failed')
        expect(failed).toMatchObject([{ eventId: poison?.message.id, late: true, lastStatus: 500 }])
      }, waitMs)
      // It is not lost: once the receiver is mended it is sent again, under its id.
      receiver.answer(() => 204)
      const [failed] = (await deliveries(host, made)).filter(({ status }) => status === 'failed')
      const again = `/v1/webhooks/${made.id}/deliveries/${failed?.id}/replay`
      expect((await product.call('POST', again, { as: host, body: {} })).status).toBe(202)
      await eventually(async () => {
        const row = (await deliveries(host, made)).find(({ id }) => id === failed?.id)
        expect(row).toMatchObject({ status: 'delivered', eventId: failed?.eventId })
      }, waitMs)
      expect(receiver.at('/poison').at(-1)?.message).toMatchObject({ id: poison?.message.id, late: true })
    })

    it('O10.7 an endpoint that fails for long is disabled, by event and mail; enabled again it gets what it missed', async () => {
      const host = user()
      const email = accounts.of(host)
      const head = (await request(world.bus, meetingsBus.userEvents, { userId: host.id, after: null, limit: 50 })).head
      const made = await webhook(host, '/failing')
      let status = 500
      receiver.answer(({ path }) => (path === '/failing' ? status : 204))
      const meeting = await product.create(host)
      await rename(host, meeting, ['1'])
      await eventually(async () => expect(await read(host, made)).toHaveProperty('failingSince'), waitMs)
      // As if it had failed for that long.
      const longAgo = new Date(Date.now() - 2 * 3_600_000)
      await product.db.updateTable('webhooks').set({ failing_since: longAgo }).where('id', '=', made.id).execute()
      await eventually(async () => expect((await read(host, made)).disabledReason).toBe('failing'), waitMs)
      const told = await request(world.bus, meetingsBus.userEvents, { userId: host.id, after: head, limit: 50 })
      expect(told.events.at(-1)).toMatchObject({ type: 'webhook.disabled', data: { webhookId: made.id } })
      await eventually(async () => {
        const mails = (await readdir(mailDir)).filter((name) => name.endsWith('.txt'))
        const texts = await Promise.all(mails.map((name) => readFile(join(mailDir, name), 'utf8')))
        expect(texts.some((text) => text.includes(email) && text.includes(made.id))).toBe(true)
      }, waitMs)
      await rename(host, meeting, ['2'])
      status = 204
      const body = { enabled: true }
      await product.call('PATCH', `/v1/webhooks/${made.id}`, { as: host, body })
      const good = () => receiver.at('/failing').map(({ message }) => message.type)
      await eventually(() => expect(good().slice(-2)).toContain('meeting.updated'), waitMs)
      await eventually(
        () =>
          expect(
            titleOf(receiver.at('/failing').findLast(({ message }) => message.type === 'meeting.updated') as Received),
          ).toBe('2'),
        waitMs,
      )
      // A receiver may say that it is gone.
      status = 410
      await rename(host, meeting, ['3'])
      await eventually(async () => expect((await read(host, made)).disabledReason).toBe('gone'), waitMs)
      receiver.answer(() => 204)
    })

    it('O10.11 of a disabled account nothing is sent; enabled again it gets all of that time, in order, each id once', async () => {
      const host = user()
      const made = await webhook(host, '/account')
      const meeting = await product.create(host)
      const stand = (disabled: boolean) => request(world.bus, meetingsBus.standing, { userId: host.id, disabled })
      await rename(host, meeting, ['1'])
      await eventually(() => expect(titles(receiver.at('/account'))).toEqual(['1']), waitMs)
      await stand(true)
      await stand(true)
      // In the log, made into a delivery that waits, and made while it is disabled.
      await rename(host, meeting, ['2', '3'])
      const other = user()
      await webhook(other, '/other-account')
      await rename(other, await product.create(other), ['x'])
      await eventually(() => expect(titles(receiver.at('/other-account'))).toEqual(['x']), waitMs)
      await rename(host, meeting, ['4'])
      expect(titles(receiver.at('/account'))).toEqual(['1'])
      expect(await read(host, made)).toMatchObject({ status: 'enabled' })
      await stand(false)
      await eventually(() => expect(titles(receiver.at('/account'))).toEqual(['1', '2', '3', '4']), waitMs)
    })

    it('O10.8 replays in order since a time and after an event, under the same ids', async () => {
      const host = user()
      const since = new Date(product.clock.now()).toISOString()
      const made = await webhook(host, '/replay', { events: ['meeting.updated'] })
      const meeting = await product.create(host)
      await rename(host, meeting, ['1', '2', '3'])
      await eventually(() => expect(titles(receiver.at('/replay'))).toEqual(['1', '2', '3']), waitMs)
      const ids = receiver.at('/replay').map(({ message }) => message.id)
      const replay = (body: object) =>
        product.call<{ events: number }>('POST', `/v1/webhooks/${made.id}/replay`, { as: host, body })
      expect(await replay({ since })).toMatchObject({ status: 202, body: { events: 3 } })
      await eventually(() => expect(titles(receiver.at('/replay'))).toEqual(['1', '2', '3', '1', '2', '3']), waitMs)
      expect(await replay({ after: ids[1] })).toMatchObject({ status: 202, body: { events: 1 } })
      await eventually(() => expect(titles(receiver.at('/replay')).at(-1)).toBe('3'), waitMs)
      await eventually(
        () => expect(receiver.at('/replay').map(({ message }) => message.id)).toEqual([...ids, ...ids, ids[2]]),
        waitMs,
      )
      expect((await replay({ after: `u-${newId()}.1` })).status).toBe(400)
      expect((await replay({})).status).toBe(400)
    })

    it('O10.9 a second replica shares the work, and takes over what the lease of a dead one held', async () => {
      const host = user()
      await product.start({ ...settings, WEBHOOK_TIMEOUT_MS: '1000' })
      const made = await webhook(host, '/shared')
      // As a replica that was killed in the middle leaves it.
      await product.db
        .updateTable('webhooks')
        .set({ leased_until: new Date(Date.now() + 3_000), fence: 7 })
        .where('id', '=', made.id)
        .execute()
      const meeting = await product.create(host)
      await rename(host, meeting, ['1', '2', '3', '4', '5'])
      await eventually(() => expect(titles(receiver.at('/shared'))).toEqual(['1', '2', '3', '4', '5']), waitMs)
      const row = await product.db
        .selectFrom('webhooks')
        .selectAll()
        .where('id', '=', made.id)
        .executeTakeFirstOrThrow()
      expect(row.fence).toBeGreaterThan(7)
    })

    it('O10.6 a receiver that is slow delays nobody else', async () => {
      const [slow, other] = [user(), user()]
      receiver.answer(({ path }) => (path === '/slow' ? new Promise((done) => setTimeout(done, 900, 204)) : 204))
      await Promise.all(Array.from({ length: 4 }, () => webhook(slow, '/slow')))
      await webhook(other, '/quick')
      const meetings = await Promise.all(Array.from({ length: 6 }, () => product.create(slow)))
      await Promise.all(meetings.map((meeting) => rename(slow, meeting, ['a', 'b'])))
      const quick = await product.create(other)
      await rename(other, quick, ['1', '2', '3'])
      await eventually(() => expect(titles(receiver.at('/quick'))).toEqual(['1', '2', '3']), waitMs)
      // 4 endpoints, 12 events each, at most 3 endpoints and 4 lanes at once: much of it still waits.
      expect(receiver.at('/slow').length).toBeLessThan(48)
      receiver.answer(() => 204)
    })

    it('O10.5 O10.10 refuses addresses inside, and an eleventh endpoint; others see none of it', async () => {
      const [host, stranger] = [user(), user()]
      const create = (url: string) => product.call('POST', '/v1/webhooks', { as: host, body: { url } })
      for (const url of ['http://10.0.0.1/', 'https://[::1]/', 'https://a:b@example.org/', 'https://example.org:25/'])
        expect((await create(url)).body).toMatchObject({ code: 'invalid-input', errors: [{ path: '/url' }] })
      const made = await Promise.all(Array.from({ length: 12 }, () => create('https://hooks.example.org/')))
      expect(made.map(({ status }) => status).toSorted()).toEqual([...Array<number>(10).fill(201), 409, 409])
      const id = String(made.flatMap(({ status, body }) => (status === 201 ? [(body as { id: string }).id] : []))[0])
      const path = `/v1/webhooks/${id}`
      for (const method of ['GET', 'DELETE'])
        expect((await product.call(method, path, { as: stranger })).status).toBe(404)
      expect((await product.call('DELETE', path, { as: host })).status).toBe(204)
    })
  })
