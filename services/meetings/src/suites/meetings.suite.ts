import type { Attendance, Meeting } from '@parley/contracts'
import { answered, eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startProduct, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

type Page<T> = { items: T[]; nextCursor: string | null }
type Full = Meeting & { participants: Attendance[] }

export const meetingsSuite = (open: OpenWorld) =>
  describe('meetings', () => {
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

    it('M1 M2 creates an instant meeting with all defaults, a code and a join link', async () => {
      const host = product.user()
      const { status, body, etag } = await product.call<Meeting>('POST', '/v1/meetings', { as: host, body: {} })
      expect(status).toBe(201)
      expect(etag).toBe('"1"')
      expect(body.code).toMatch(/^[a-z]{3}-[a-z]{4}-[a-z]{3}$/)
      expect(body).toMatchObject({
        title: 'Meeting',
        description: '',
        type: 'private',
        status: 'waiting',
        hostId: host.id,
        scheduledAt: null,
        timeZone: 'UTC',
        hasPasscode: false,
        maxParticipants: 50,
        version: 1,
        startedAt: null,
        endedAt: null,
        durationMinutes: null,
        joinLink: `https://meet.test/m/${body.code}`,
        settings: {
          video: true,
          audio: true,
          screenShare: true,
          chat: true,
          waitingRoom: false,
          recording: false,
          guestsAllowed: false,
          topology: 'auto',
        },
      })
    })

    it('M1 a private meeting takes guests only when that is said, a public one takes them unless it is not', async () => {
      const host = product.user()
      const make = async (body: object) =>
        (await product.call<Meeting>('POST', '/v1/meetings', { as: host, body })).body
      const change = async ({ id }: Meeting, body: object) =>
        (await product.call<Meeting>('PATCH', `/v1/meetings/${id}`, { as: host, body })).body.settings.guestsAllowed
      const allowed = async (body: object) => (await make(body)).settings.guestsAllowed
      expect(await allowed({ type: 'private' })).toBe(false)
      expect(await allowed({ type: 'private', settings: { chat: false } })).toBe(false)
      expect(await allowed({ type: 'private', settings: { guestsAllowed: true } })).toBe(true)
      expect(await allowed({ type: 'public' })).toBe(true)
      expect(await allowed({ type: 'invited_only' })).toBe(true)
      const open = await make({ type: 'public' })
      expect(await change(open, { type: 'private' })).toBe(false)
      expect(await change(open, { settings: { guestsAllowed: true } })).toBe(true)
      expect(await change(open, { type: 'private', title: 'Still' })).toBe(true)
      const gast = product.user('Gast', true)
      expect((await product.joinByCode(gast, (await make({})).code)).body.code).toBe('guests-not-allowed')
    })

    it('M1 creates a scheduled meeting, and refuses what is no time or no zone', async () => {
      const as = product.user()
      const inAnHour = new Date(Date.now() + 3_600_000).toISOString()
      const good = {
        title: 'Plan',
        scheduledAt: inAnHour,
        durationMinutes: 30,
        timeZone: 'Europe/Berlin',
        passcode: '4711',
        settings: { chat: false },
      }
      const made = await product.create(as, good)
      expect(made).toMatchObject({
        status: 'scheduled',
        scheduledAt: inAnHour,
        timeZone: 'Europe/Berlin',
        hasPasscode: true,
        settings: { chat: false, video: true },
      })
      expect(JSON.stringify(made)).not.toContain('4711')
      const bad: [object, string][] = [
        [{ timeZone: 'Mars/Olympus' }, '/timeZone'],
        [{ timeZone: '+05' }, '/timeZone'],
        [{ scheduledAt: '2031-02-31T10:00:00.000Z' }, '/scheduledAt'],
        [{ scheduledAt: new Date(Date.now() - 6 * 60_000).toISOString() }, '/scheduledAt'],
        [{ scheduledAt: new Date(Date.now() + 3 * 366 * 86_400_000).toISOString() }, '/scheduledAt'],
        [{ title: '  ' }, '/title'],
        [{ title: 'a\u0000b' }, '/title'],
        [{ description: 'a\u0000b' }, '/description'],
      ]
      for (const [body, path] of bad) {
        const { status, body: problem } = await product.call('POST', '/v1/meetings', { as, body })
        expect([status, problem.code, problem.errors?.[0]?.path], path).toEqual([400, 'invalid-input', path])
      }
    })

    it('S22 refuses protected and unknown fields and changes nothing', async () => {
      const host = product.user()
      const { id } = await product.create(host)
      for (const field of ['id', 'hostId', 'role', 'status', 'version', 'code', 'host_id', 'seq']) {
        const made = await product.call('POST', '/v1/meetings', { as: host, body: { title: 'x', [field]: id } })
        const changed = await product.call('PATCH', `/v1/meetings/${id}`, {
          as: host,
          body: { title: 'x', [field]: id },
        })
        expect([made.status, changed.status, changed.body.errors?.[0]?.path], field).toEqual([400, 400, `/${field}`])
      }
      const { body } = await product.call<Full>('GET', `/v1/meetings/${id}`, { as: host })
      expect([body.title, body.version, body.hostId]).toEqual(['Meeting', 1, host.id])
      const { body: mine } = await product.call<Page<Meeting>>('GET', '/v1/meetings', { as: host })
      expect(mine.items).toHaveLength(1)
    })

    it('refuses calls without a token, with a revoked one, and by guests where an account is needed', async () => {
      const guest = product.user('Gast', true)
      expect((await product.call('GET', '/v1/meetings')).status).toBe(401)
      expect((await product.call('POST', '/v1/meetings', { as: guest, body: {} })).body.code).toBe('forbidden')
      const gone = product.user()
      product.issuer.revoke({ kind: 'user', id: gone.id, epoch: 1 })
      await eventually(async () => expect((await product.call('GET', '/v1/meetings', { as: gone })).status).toBe(401))
    })

    it('M1 M6 a time with an offset is kept in UTC', async () => {
      const host = product.user()
      const year = new Date().getUTCFullYear() + 1
      const { body } = await product.call<Meeting>('POST', '/v1/meetings', {
        as: host,
        body: { scheduledAt: `${year}-03-01T10:00:00+05:30` },
      })
      expect(body.scheduledAt).toBe(`${year}-03-01T04:30:00.000Z`)
      const moved = await product.call<Meeting>('PUT', `/v1/meetings/${body.id}/schedule`, {
        as: host,
        headers: { 'if-match': '*' },
        body: { scheduledAt: `${year}-03-01T23:00:00.25-02:00` },
      })
      expect(moved.body.scheduledAt).toBe(`${year}-03-02T01:00:00.250Z`)
    })

    it('M2 M4 M8 M14 a code in capitals, or without hyphens, is the code', async () => {
      const host = product.user()
      const { id, code } = await product.create(host)
      for (const typed of [code.toUpperCase(), code.replaceAll('-', ''), code.toUpperCase().replaceAll('-', ' ')]) {
        const at = `/v1/meetings/code/${encodeURIComponent(typed)}`
        expect((await product.call<Meeting>('GET', at, { as: host })).body.id).toBe(id)
        expect((await product.call('GET', `${at}/access`, { as: host })).body).toMatchObject({ canEnter: true })
        for (const path of ['/v1/meetings/resolve-code', '/v1/meetings/join'])
          expect((await product.call('POST', path, { as: host, body: { code: typed } })).status).toBe(200)
      }
    })

    it('M1 the same Idempotency-Key makes one meeting, also in parallel; another body is a conflict', async () => {
      const as = product.user()
      const headers = { 'idempotency-key': 'key-of-ann-1' }
      const body = { title: 'Once', passcode: 'hidden-4711' }
      const answers = await Promise.all(
        Array.from({ length: 8 }, () =>
          answered(() => product.call<Meeting>('POST', '/v1/meetings', { as, body, headers })),
        ),
      )
      expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1)
      expect(answers.every(({ status }) => status === 201)).toBe(true)
      const sorted = await product.call<Meeting>('POST', '/v1/meetings', {
        as,
        body: { passcode: 'hidden-4711', title: 'Once' },
        headers,
      })
      expect(sorted.body.id).toBe(answers[0]?.body.id)
      const other = await product.call('POST', '/v1/meetings', { as, body: { title: 'Twice' }, headers })
      expect([other.status, other.body.code]).toEqual([409, 'idempotency-conflict'])
      const somebody = await product.call<Meeting>('POST', '/v1/meetings', { as: product.user(), body, headers })
      expect([somebody.status, somebody.body.id === sorted.body.id]).toEqual([201, false])
      expect((await product.call<Page<Meeting>>('GET', '/v1/meetings', { as })).body.items).toHaveLength(1)
      product.advance(25 * 3_600_000)
      expect((await product.call('POST', '/v1/meetings', { as, body: { title: 'Next day' }, headers })).status).toBe(
        201,
      )
    })

    it('M5 changes a meeting, counts its version, tells its room, and lets a lost race know', async () => {
      const host = product.user()
      const { id, code } = await product.create(host, { passcode: 'abcd' })
      const patch = (body: object, ifMatch?: string) =>
        product.call<Meeting>('PATCH', `/v1/meetings/${id}`, {
          as: host,
          body,
          ...(ifMatch ? { headers: { 'if-match': ifMatch } } : {}),
        })
      const first = await patch({ title: 'New', settings: { chat: false } }, '"1"')
      expect([first.status, first.etag, first.body.title, first.body.settings.chat, first.body.settings.video]).toEqual(
        [200, '"2"', 'New', false, true],
      )
      const lost = await patch({ title: 'Lost' }, '"1"')
      expect([lost.status, lost.body.code, lost.body.currentVersion]).toEqual([409, 'version-conflict', 2])
      expect((await patch({ title: 'x' }, 'nonsense')).body.errors?.[0]?.path).toBe('headers.if-match')
      const free = await patch({ passcode: null, maxParticipants: 3, type: 'private' })
      expect(free.body).toMatchObject({
        version: 3,
        hasPasscode: false,
        maxParticipants: 3,
        type: 'private',
        title: 'New',
      })
      await eventually(() =>
        expect(product.toldTo(id).at(-1)).toMatchObject({
          kind: 'meeting-updated',
          meeting: { id, code, version: 3, hasPasscode: false },
        }),
      )
      const race = await Promise.all(Array.from({ length: 6 }, (_, n) => patch({ title: `r${n}` }, '"3"')))
      expect(race.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409])
    })

    it('M5 M7 only the host changes and ends; others who belong are told so, strangers are not', async () => {
      const [host, member, stranger] = [product.user(), product.user(), product.user()]
      const meeting = await product.create(host)
      await product.comeIn(member, meeting)
      for (const [method, path, body] of [
        ['PATCH', '', { title: 'x' }],
        ['POST', '/end', {}],
      ] as const) {
        const ask = async (as: typeof host) =>
          (await product.call(method, `/v1/meetings/${meeting.id}${path}`, { as, body })).body.code
        expect([await ask(member), await ask(stranger)]).toEqual(['forbidden', 'not-found'])
      }
    })
  })
