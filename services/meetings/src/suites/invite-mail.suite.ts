import type { Invite, Meeting, ReceivedInvite } from '@parley/contracts'
import { newId } from '@parley/kit'
import { eventually, freePort, startMailServer, type MailServer, type ReceivedMail } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changedAfterMs } from '../invites/mail-queue.ts'
import { createAccounts } from '../testing/accounts.ts'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import { readCalendar } from '../testing/read-calendar.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

export const inviteMailSuite = (open: OpenWorld) =>
  describe('invites by mail', () => {
    let world: TestWorld
    let product: Product
    let server: MailServer
    beforeAll(async () => {
      world = await open()
      await createAccounts(world)
      server = await startMailServer({ port: await freePort() })
      product = await startProduct(world, { SMTP_URL: server.url, MAIL_FROM: 'Parley <no-reply@meet.test>' })
    })
    afterAll(async () => {
      await product.stop()
      await server.stop()
      await world.close()
    })
    const invite = async (as: TestUser, meeting: Meeting, more: object = {}) => {
      const email = `ada.${newId()}@example.org`
      const body = { email, ...more }
      return (await product.call<Invite>('POST', `/v1/meetings/${meeting.id}/invites`, { as, body })).body
    }
    const mailsTo = ({ email = '' }: Invite) => server.mails.filter(({ recipients }) => recipients.includes(email))
    const mailTo = async (to: Invite, index = 0): Promise<ReceivedMail> => {
      await eventually(() => expect(mailsTo(to).length).toBeGreaterThan(index), 5000)
      const mail = mailsTo(to)[index]
      if (mail === undefined) throw new Error('no mail')
      return mail
    }
    const calendarIn = ({ attachments }: ReceivedMail) => {
      const part = attachments.find(({ mimeType }) => mimeType === 'text/calendar')
      if (part === undefined) throw new Error('no calendar part')
      return { ...readCalendar(Buffer.from(part.content as ArrayBuffer).toString()), partMethod: part.method }
    }
    const linkIn = ({ text = '' }: ReceivedMail) =>
      /https:\/\/meet\.test\/invites\/([0-9a-f-]{36})#token=([\w-]{43})/.exec(text)?.slice(1) ?? []
    const joinLinkIn = ({ text = '' }: ReceivedMail) => /^Join:\n(\S+)$/m.exec(text)?.[1]
    const planned = (scheduledAt: Date, timeZone: string) => ({
      title: 'Übersicht',
      type: 'invited_only',
      durationMinutes: 45,
      scheduledAt: scheduledAt.toISOString(),
      timeZone,
    })
    /** Noon UTC of a day in the coming year. */
    const noon = (month: number) => {
      const year = new Date().getUTCFullYear()
      const [at, next] = [Date.UTC(year, month, 15, 12), Date.UTC(year + 1, month, 15, 12)]
      return new Date(at > Date.now() + 86_400_000 ? at : next)
    }
    /** Mails on changes wait some minutes for more changes; whoever is invited then wakes the outbox. */
    const later = async () => {
      product.advance(changedAfterMs + 1_000)
      const host = product.user()
      await invite(host, await product.create(host))
    }
    const accept = (as: TestUser, id: string, token?: string) =>
      product.call<ReceivedInvite>('POST', `/v1/invites/${id}/accept`, {
        as,
        body: token === undefined ? {} : { token },
      })

    it.each([
      [0, 'Europe/Berlin', 13],
      [6, 'Europe/Berlin', 14],
      [0, 'America/New_York', 7],
      [6, 'America/New_York', 8],
      [6, 'Asia/Kolkata', 17],
    ])('M12 month %i in %s: the mail arrives with a calendar part of the right time', async (month, zone, hour) => {
      const [host, at] = [product.user('Host'), noon(month)]
      const meeting = await product.create(host, planned(at, zone))
      const made = await invite(host, meeting, { message: 'Bring\ncake' })
      const mail = await mailTo(made)
      expect(mail).toMatchObject({
        subject: expect.stringMatching(/^Invitation to a meeting: 15 \w+ \d{4}, \d\d:\d\d$/) as string,
        from: { address: 'no-reply@meet.test' },
      })
      expect(mail.text).toContain('Title: \u2068Übersicht\u2069')
      expect(mail.text).toContain('They write:\n> Bring\n> cake')
      expect(mail.text).toContain(`${hour}:${zone === 'Asia/Kolkata' ? '30' : '00'}`.padStart(5, '0'))
      const read = calendarIn(mail)
      expect(read).toMatchObject({
        partMethod: 'REQUEST',
        method: 'REQUEST',
        uid: meeting.id,
        sequence: 1,
        zone,
        zones: [zone],
        start: at,
        end: new Date(at.getTime() + 45 * 60_000),
        url: joinLinkIn(mail),
        summary: 'Übersicht',
        organizer: { address: 'mailto:no-reply@meet.test', name: 'Host' },
      })
      expect(read.attendee.toLowerCase()).toBe(`mailto:${made.email}`)
      const [id = '', token = ''] = linkIn(mail)
      expect(joinLinkIn(mail)).toBe(`${meeting.joinLink}#invite=${id}&token=${token}`)
    })

    it('M12 S9 the link in the mail lets its holder in, guests too; only its hash is kept', async () => {
      const [host, guest, phone, account, late] = [
        product.user(),
        product.user('G', true),
        product.user('P', true),
        product.user(),
        product.user(),
      ]
      const meeting = await product.create(host, planned(noon(3), 'Europe/Berlin'))
      const made = await invite(host, meeting)
      const [id = '', token = ''] = linkIn(await mailTo(made))
      expect(id).toBe(made.id)
      expect((await accept(guest, id, 'x'.repeat(43))).status).toBe(404)
      expect((await product.joinByCode(guest, meeting.code)).body.code).toBe('not-found')
      const opened = await product.call<ReceivedInvite>('POST', `/v1/invites/${id}/open`, {
        as: guest,
        body: { token },
      })
      expect(opened.body).toMatchObject({ status: 'pending', meeting: { id: meeting.id } })
      expect((await product.joinByCode(guest, meeting.code)).body.code).toBe('not-found')
      expect((await accept(guest, id, token)).body).toMatchObject({
        status: 'accepted',
        meeting: { code: meeting.code },
      })
      expect((await product.joinByCode(guest, meeting.code)).status).toBe(200)
      // The same person on another device, and later with an account, which keeps it.
      expect((await accept(phone, id, token)).status).toBe(200)
      expect((await accept(account, id, token)).status).toBe(200)
      expect((await accept(late, id, token)).status).toBe(404)
      const kept = [
        await product.db.selectFrom('invites').selectAll().execute(),
        await product.db.selectFrom('invite_tokens').selectAll().execute(),
        await product.db.selectFrom('mail_outbox').selectAll().execute(),
      ]
      expect(JSON.stringify(kept)).not.toContain(token)
      await product.call('DELETE', `/v1/invites/${id}`, { as: host })
      expect((await accept(guest, id, token)).status).toBe(404)
      const taken = await mailTo(made, 1)
      expect(taken.text).toContain('taken back')
      expect(calendarIn(taken)).toMatchObject({ method: 'CANCEL', status: 'CANCELLED', uid: meeting.id })
    })

    it('M12 a change that matters to calendars goes out with its version, another does not', async () => {
      const host = product.user()
      const meeting = await product.create(host, planned(noon(4), 'Europe/Berlin'))
      const made = await invite(host, meeting)
      await mailTo(made)
      const patch = (body: object) => product.call('PATCH', `/v1/meetings/${meeting.id}`, { as: host, body })
      await patch({ settings: { chat: false } })
      await patch({ title: 'Other' })
      await patch({ title: 'Renamed' })
      await later()
      const changed = await mailTo(made, 1)
      expect(changed.subject).toMatch(/^A meeting has changed: /)
      expect(changed.text).toContain('Renamed')
      expect(calendarIn(changed)).toMatchObject({ method: 'REQUEST', sequence: 4, summary: 'Renamed', uid: meeting.id })
      expect(mailsTo(made)).toHaveLength(2)
    })

    it('M6 M12 a new time and a cancellation reach those invited by mail, and not those who declined', async () => {
      const [host, guest] = [product.user(), product.user('G', true)]
      const meeting = await product.create(host, planned(noon(4), 'Europe/Berlin'))
      const [made, declined] = [await invite(host, meeting), await invite(host, meeting)]
      const [id = '', token = ''] = linkIn(await mailTo(declined))
      await product.call('POST', `/v1/invites/${id}/decline`, { as: guest, body: { token } })
      await mailTo(made)
      const moved = await product.call<Meeting>('PUT', `/v1/meetings/${meeting.id}/schedule`, {
        as: host,
        headers: { 'if-match': '"1"' },
        body: { scheduledAt: noon(5).toISOString(), durationMinutes: 15, timeZone: 'America/New_York' },
      })
      expect(moved.status).toBe(200)
      await later()
      expect(calendarIn(await mailTo(made, 1))).toMatchObject({
        start: noon(5),
        zone: 'America/New_York',
        sequence: moved.body.version,
      })
      expect((await product.call('POST', `/v1/meetings/${meeting.id}/cancel`, { as: host, body: {} })).status).toBe(200)
      expect(calendarIn(await mailTo(made, 2))).toMatchObject({ method: 'CANCEL', status: 'CANCELLED', start: noon(5) })
      expect(mailsTo(declined)).toHaveLength(1)
    })

    it('M12 links lead to a frontend of one\u2019s own, by its templates', async () => {
      const other = await open()
      await createAccounts(other)
      const own = await startProduct(other, {
        SMTP_URL: server.url,
        FRONTEND_URL: 'https://app.test/meet',
        JOIN_LINK_TEMPLATE: '{frontend}?c={code}',
        INVITE_LINK_TEMPLATE: 'https://invites.test/{inviteId}?t={token}',
      })
      try {
        const host = own.user('Host')
        const meeting = await own.create(host)
        expect(meeting.joinLink).toBe(`https://app.test/meet?c=${meeting.code}`)
        const email = `ada.${newId()}@example.org`
        const body = { email }
        const made = (await own.call<Invite>('POST', `/v1/meetings/${meeting.id}/invites`, { as: host, body })).body
        const { text = '' } = await mailTo(made)
        const [, token] = new RegExp(`https://invites.test/${made.id}\\?t=([\\w-]{43})`).exec(text) ?? []
        expect(text).toContain(`${meeting.joinLink}#invite=${made.id}&token=${token}`)
      } finally {
        await own.stop()
        await other.close()
      }
    })

    it('M12 a mail server that is down delays the mail and not the request', async () => {
      const host = product.user()
      const meeting = await product.create(host)
      await server.stop()
      const before = Date.now()
      const made = await invite(host, meeting)
      expect([made.status, Date.now() - before < 1000]).toEqual(['pending', true])
      await eventually(async () => {
        const [waiting] = await product.db.selectFrom('mail_outbox').selectAll().execute()
        const waitMs = (waiting?.due_at.getTime() ?? Infinity) - product.clock.now()
        expect([waiting?.attempts, waitMs < 10_000]).toEqual([1, true])
      }, 5000)
      server = await startMailServer({ port: server.port })
      product.advance(10_000)
      const mail = await mailTo(await invite(host, meeting)).then(() => mailTo(made))
      expect(mail.attachments).toEqual([])
      expect(mail.text).toContain(meeting.joinLink)
    })
  })
