import { meetingsBus, type Invite, type Meeting, type ReceivedInvite } from '@parley/contracts'
import { newId, request } from '@parley/kit'
import { eventually, startMailServer, type MailServer } from '@parley/kit/testing'
import { randomBytes, scryptSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changedAfterMs } from '../invites/mail-queue.ts'
import { createAccounts } from '../testing/accounts.ts'
import { readCalendar } from '../testing/read-calendar.ts'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

/** The texts that people type into meetings and others read: docs/spec/text.md. */
export const textsSuite = (open: OpenWorld) =>
  describe('texts', () => {
    let world: TestWorld
    let product: Product
    let server: MailServer
    let accounts: Awaited<ReturnType<typeof createAccounts>>
    beforeAll(async () => {
      world = await open()
      server = await startMailServer()
      accounts = await createAccounts(world)
      product = await startProduct(world, { SMTP_URL: server.url, MAIL_FROM: 'Meet <no-reply@meet.test>' })
    })
    afterAll(async () => {
      accounts.lose()
      await product.stop()
      await server.stop()
      await world.close()
    })
    const create = (as: TestUser, body: object) => product.call<Meeting>('POST', '/v1/meetings', { as, body })
    const invite = (as: TestUser, meeting: Meeting, body: object) =>
      product.call<Invite>('POST', `/v1/meetings/${meeting.id}/invites`, { as, body })
    const mailsTo = (email: string) => server.mails.filter(({ recipients }) => recipients.includes(email))
    const names = async (as: TestUser, path: string) =>
      (await product.call<{ items: { name: string }[] }>('GET', path, { as })).body.items.map(({ name }) => name).sort()
    const fresh = (): string => `${newId()}@example.org`
    const tomorrow = (): string => new Date(Date.now() + 86_400_000).toISOString()

    it.each(['\u200b\u202e', '\u2800', 'a\u200bb', 'a\nb', `a${'\u0301'.repeat(79)}`])(
      'M1 M5 M8 no title and no displayName is %j',
      async (text) => {
        const host = product.user()
        const meeting = await product.create(host)
        const refused = [
          await create(host, { title: text }),
          await product.call('PATCH', `/v1/meetings/${meeting.id}`, { as: host, body: { title: text } }),
        ]
        for (const { status, body } of refused)
          expect([status, body]).toMatchObject([400, { code: 'invalid-input', errors: [{ path: '/title' }] }])
        const join = await product.joinByCode(product.user('G', true), meeting.code, { displayName: text })
        expect([join.status, join.body]).toMatchObject([400, { errors: [{ path: '/displayName' }] }])
      },
    )

    it('M1 titles and descriptions are kept in their normal form', async () => {
      const { body } = await create(product.user(), { title: ' U\u0308ber\u00a0 uns ', description: 'a\r\nb' })
      expect([body.title, body.description]).toEqual(['Über uns', 'a\nb'])
      const blank = await create(product.user(), { description: ' \u200b' })
      expect(blank.body.description).toBe('')
    })

    it('M1 M8 a passcode is the same on every phone; an older one keeps working', async () => {
      const host = product.user()
      const meeting = await product.create(host, { passcode: '４2０1 ' })
      const knock = async (passcode: string) =>
        (await product.joinByCode(product.user('G', true), meeting.code, { passcode })).status
      for (const passcode of ['4201', '٤٢٠١', '４２０１', ' 4201\u3000']) expect(await knock(passcode)).toBe(200)
      expect(await knock('4202')).toBe(403)
      for (const passcode of ['    ', ' 12 ', '\u3000\u3000\u3000\u3000', 'abc'])
        expect((await create(host, { passcode })).body).toMatchObject({ errors: [{ path: '/passcode' }] })
      const salt = randomBytes(16)
      const hash = scryptSync('١٢٣٤ ', salt, 32, { N: 16_384, r: 8, p: 1 })
      const former = `scrypt$${salt.toString('base64url')}$${hash.toString('base64url')}`
      await product.db.updateTable('meetings').set({ passcode_hash: former }).where('id', '=', meeting.id).execute()
      expect([await knock('١٢٣٤ '), await knock('1235')]).toEqual([200, 403])
    })

    it('M12 an account invites by mail only after it has confirmed its own address', async () => {
      const [host, ann] = [product.user(), product.user()]
      accounts.of(host, { emailVerified: false })
      const meeting = await product.create(host)
      const email = fresh()
      const refused = await invite(host, meeting, { email })
      expect([refused.status, refused.body]).toMatchObject([403, { code: 'email-not-verified' }])
      expect((await invite(host, meeting, { userId: ann.id })).status).toBe(201)
      expect(mailsTo(email)).toEqual([])
      accounts.of(host)
      expect((await invite(host, meeting, { email })).status).toBe(201)
    })

    it('M12 S19 X10 one mailbox gets few invites in all; one account invites few strangers', async () => {
      const [local, domain] = fresh().split('@')
      const statuses: number[] = []
      for (let n = 0; n < 24; n += 1) {
        const host = product.user()
        statuses.push((await invite(host, await product.create(host), { email: `${local}+${n}@${domain}` })).status)
      }
      expect(statuses).toEqual([...Array.from({ length: 20 }, () => 201), ...Array.from({ length: 4 }, () => 429)])
      const [host, answers] = [product.user(), new Map<number, number>()]
      const meeting = await product.create(host)
      for (let n = 0; n < 105; n += 1) {
        const { status } = await invite(host, meeting, { email: fresh() })
        answers.set(status, (answers.get(status) ?? 0) + 1)
      }
      expect([...answers]).toEqual([
        [201, 100],
        [429, 5],
      ])
    })

    it('M12 our mail does not speak in the voice of a stranger', async () => {
      const host = product.user('Your account is blocked! Confirm at evil.example/login')
      const email = accounts.of(host)
      const meeting = await product.create(host, {
        title: 'URGENT: verify your bank account at http://evil.example',
        description: 'see www.evil.example or write to eve@evil.example',
        scheduledAt: tomorrow(),
      })
      const to = fresh()
      await invite(host, meeting, { email: to, message: 'Click\nhttps://evil.example/a now' })
      await eventually(() => expect(mailsTo(to)).toHaveLength(1), 5000)
      const [mail] = mailsTo(to)
      const text = mail?.text ?? ''
      expect(mail?.subject).toMatch(/^Invitation to a meeting: \d+ \w+ \d{4}, \d\d:\d\d$/)
      expect(text).toContain(`${email}, who goes by the name`)
      expect(text).toContain('If you do not know them, do nothing')
      const part = mail?.attachments.find(({ mimeType }) => mimeType === 'text/calendar')
      const calendar = Buffer.from(part?.content as ArrayBuffer).toString()
      for (const all of [text, calendar]) {
        expect(all).not.toContain('evil.example')
        expect(all).toContain('[link left out]')
      }
      expect(text.match(/https?:\/\/\S+/g)?.every((link) => link.startsWith('https://meet.test/'))).toBe(true)
    })

    it('M12 several changes of a schedule within minutes are one mail', async () => {
      const host = product.user()
      const meeting = await product.create(host, { title: 'First', scheduledAt: tomorrow() })
      const to = fresh()
      await invite(host, meeting, { email: to })
      await eventually(() => expect(mailsTo(to)).toHaveLength(1), 5000)
      for (let n = 0; n < 6; n += 1) {
        await product.call('PATCH', `/v1/meetings/${meeting.id}`, { as: host, body: { title: `Change ${n}` } })
        product.advance(40_000)
      }
      product.advance(changedAfterMs)
      // An invite wakes the outbox.
      await invite(host, meeting, { email: fresh() })
      await eventually(() => expect(mailsTo(to)).toHaveLength(2), 5000)
      expect(mailsTo(to)[1]?.text).toContain('Change 5')
      expect(await product.db.selectFrom('mail_outbox').selectAll().execute()).toEqual([])
    })

    it('M12 an invite reaches the account of the address in every spelling', async () => {
      const [host, ann] = [product.user(), product.user()]
      const local = newId()
      accounts.of(ann, { email: `${local}@xn--bcher-kva.example` })
      const meeting = await product.create(host, { type: 'invited_only' })
      const made = await invite(host, meeting, { email: `${local.toUpperCase()}@bücher.example` })
      expect(made.body.email).toBe(`${local}@bücher.example`)
      expect((await invite(host, meeting, { email: `${local}@xn--bcher-kva.example` })).body.id).toBe(made.body.id)
      const received = await product.call<{ items: ReceivedInvite[] }>('GET', '/v1/invites', { as: ann })
      expect(received.body.items.map(({ id }) => id)).toEqual([made.body.id])
    })

    it('A5 R3 a new name reaches the room, the lobby, the door, the calendar and mails', async () => {
      const [host, ann, other] = [product.user('Host'), product.user('Ann'), product.user('Bob')]
      const meeting = await product.create(host, { scheduledAt: tomorrow() })
      const closed = await product.create(host, { settings: { waitingRoom: true } })
      await product.fact('joined', meeting, host)
      await product.fact('joined', meeting, ann)
      await product.joinByCode(ann, closed.code)
      await eventually(async () => expect(await names(host, `/v1/meetings/${meeting.id}/participants`)).toHaveLength(2))
      accounts.rename(ann, 'Anna')
      accounts.rename(host, 'Hostess')
      const named = () => product.toldTo(meeting.id).filter(({ kind }) => kind === 'name')
      await eventually(() => expect(named()).toHaveLength(2), 3000)
      expect(named()).toEqual(
        expect.arrayContaining([
          { kind: 'name', userId: ann.id, before: 'Ann', name: 'Anna' },
          { kind: 'name', userId: host.id, before: 'Host', name: 'Hostess' },
        ]),
      )
      await eventually(async () => {
        expect(await names(host, `/v1/meetings/${meeting.id}/participants`)).toEqual(['Anna', 'Hostess'])
        expect(await names(host, `/v1/meetings/${closed.id}/lobby`)).toEqual(['Anna'])
      }, 3000)
      // With the token at hand, which still has the name of before.
      expect((await product.comeIn(ann, meeting)).name).toBe('Anna')
      expect((await product.comeIn(ann, meeting, { displayName: 'A.' })).name).toBe('A.')
      const access = await product.call('GET', `/v1/meetings/code/${meeting.code}/access`, { as: other })
      expect(access.body).toMatchObject({ meeting: { hostName: 'Hostess' } })
      const calendar = await product.call<string>('GET', `/v1/meetings/${meeting.id}/calendar.ics`, { as: host })
      expect(readCalendar(calendar.body).organizer.name).toBe('Hostess')
      const to = fresh()
      await invite(host, meeting, { email: to })
      await eventually(() => expect(mailsTo(to)[0]?.text).toContain('Hostess'), 5000)
    })

    it('A5 a new name arrives by the request of auth though the hint was lost, and once', async () => {
      const [host, ann] = [product.user('Host'), product.user('Ann')]
      const meeting = await product.create(host)
      await product.fact('joined', meeting, ann)
      await product.fact('joined', meeting, host)
      await eventually(async () => expect(await names(host, `/v1/meetings/${meeting.id}/participants`)).toHaveLength(2))
      for (let n = 0; n < 2; n += 1)
        await request(product.bus, meetingsBus.rename, { userId: ann.id, before: 'Ann', name: 'Anna' })
      expect(await names(host, `/v1/meetings/${meeting.id}/participants`)).toEqual(['Anna', 'Host'])
      await eventually(() =>
        expect(product.toldTo(meeting.id)).toEqual([{ kind: 'name', userId: ann.id, before: 'Ann', name: 'Anna' }]),
      )
    })

    it('A5 anyone who goes by another name in a meeting keeps it', async () => {
      const [host, ann] = [product.user('Host'), product.user('Ann')]
      const meeting = await product.create(host)
      await product.fact('joined', meeting, ann, { name: 'Miss A.' })
      await product.fact('joined', meeting, host)
      await eventually(async () => expect(await names(host, `/v1/meetings/${meeting.id}/participants`)).toHaveLength(2))
      accounts.rename(ann, 'Anna')
      accounts.rename(host, 'Hostess')
      await eventually(() => expect(product.toldTo(meeting.id)).toHaveLength(1), 3000)
      expect(product.toldTo(meeting.id)).toMatchObject([{ kind: 'name', userId: host.id }])
    })

    it('M16 a calendar has titles and descriptions as escaped text (RFC 5545)', async () => {
      const host = product.user('Ann "the\\host"; X:Y, Z')
      const title = 'A;B,C\\D:"E" BEGIN:VEVENT'
      const meeting = await product.create(host, {
        title,
        description: 'one\nEND:VCALENDAR\ntwo',
        scheduledAt: tomorrow(),
      })
      const { body: text } = await product.call<string>('GET', `/v1/meetings/${meeting.id}/calendar.ics`, { as: host })
      expect(text.match(/^(BEGIN|END):VCALENDAR/gm)).toEqual(['BEGIN:VCALENDAR', 'END:VCALENDAR'])
      expect(text.match(/^BEGIN:VEVENT/gm)).toHaveLength(1)
      expect(readCalendar(text).summary).toBe(title)
    })
  })
