import type { User, VerificationRequest } from '@parley/contracts'
import { eventually, type MailServer } from '@parley/kit/testing'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import type { TestAuth } from '../harness.ts'
import { freshEmail, me, password, refresh, signUp } from '../people.ts'

const next = 'a better password'

/** Forgotten passwords and verified addresses, by mail: A11, and S9, S18 with it. */
export function recoverySuite(auth: () => TestAuth, mailServer: () => MailServer): void {
  const forgot = (email: string, headers: Record<string, string> = {}) =>
    auth().call('POST', '/v1/auth/forgot-password', { body: { email }, headers })
  const reset = (token: string, newPassword = next) =>
    auth().call('POST', '/v1/auth/reset-password', { body: { token, newPassword } })
  const verify = (token: string) => auth().call('POST', '/v1/auth/verify-email', { body: { token } })
  const login = (email: string, secret: string) =>
    auth().call('POST', '/v1/auth/login', { body: { email, password: secret } })
  const verified = async (bearer: string) => (await me(auth(), bearer)).as<User>().emailVerified
  const mailsTo = (email: string, subject: string) =>
    mailServer().mails.filter(({ recipients, subject: one }) => recipients.includes(email) && one === subject)
  /** The token in the link of the `count`th mail. */
  async function tokenTo(email: string, kind: 'reset' | 'verify', count = 1): Promise<string> {
    const subject = kind === 'reset' ? 'Set a new password' : 'Confirm your e-mail address'
    await eventually(() => expect(mailsTo(email, subject)).toHaveLength(count), 5000)
    const path = kind === 'reset' ? 'reset-password' : 'verify-email'
    const link = new RegExp(`https://meet\\.example/${path}#token=([\\w-]{43})(?![\\w-])`)
    return link.exec(mailsTo(email, subject)[count - 1]?.text ?? '')?.[1] ?? 'no link'
  }

  // Other topics' clocks have run ahead: their mails are not due before long.
  beforeAll(async () => {
    await auth().db.deleteFrom('mail_outbox').execute()
  })

  test('A11 registering sends a mail whose link verifies the address, and says so when it is opened again', async () => {
    const { email, user, accessToken } = await signUp(auth())
    expect(user.emailVerified).toBe(false)
    const token = await tokenTo(email, 'verify')
    expect((await verify(token)).status).toBe(204)
    expect(await verified(accessToken)).toBe(true)
    expect((await verify(token)).status).toBe(204)
    const look = await auth().call('POST', '/v1/auth/verify-email/look', { body: { token } })
    expect(look.as<VerificationRequest>().confirmed).toBe(true)
    // The same link does not take a confirmation back.
    const refused = await auth().call('POST', '/v1/auth/verify-email/refuse', { body: { token } })
    expect(refused.problem()).toMatchObject({ status: 400, code: 'invalid-link' })
    expect(await verified(accessToken)).toBe(true)
    expect((await verify('x'.repeat(43))).problem()).toMatchObject({ code: 'invalid-link' })
  })

  test('A11 another verification mail replaces the first; none goes to a verified address', async () => {
    const { email, accessToken } = await signUp(auth())
    const first = await tokenTo(email, 'verify')
    const resend = () => auth().call('POST', '/v1/auth/verify-email/resend', { bearer: accessToken })
    expect((await resend()).status).toBe(202)
    const second = await tokenTo(email, 'verify', 2)
    expect((await verify(first)).status).toBe(400)
    expect((await verify(second)).status).toBe(204)
    expect((await resend()).status).toBe(202)
    await eventually(async () => expect(await auth().db.selectFrom('mail_outbox').select('id').execute()).toEqual([]))
    expect(mailsTo(email, 'Confirm your e-mail address')).toHaveLength(2)
    expect((await auth().call('POST', '/v1/auth/verify-email/resend')).status).toBe(401)
  })

  test('A11 a link says which account asks, and does nothing by being looked at', async () => {
    const { email, user, accessToken } = await signUp(auth(), { name: 'Eve of evil.example' })
    const token = await tokenTo(email, 'verify')
    const look = () => auth().call('POST', '/v1/auth/verify-email/look', { body: { token } })
    for (const seen of [await look(), await look()])
      expect(seen.as()).toEqual({ email, name: user.name, createdAt: user.createdAt, confirmed: false })
    expect(await verified(accessToken)).toBe(false)
    const [mail] = mailsTo(email, 'Confirm your e-mail address')
    expect(mail?.text).toContain('Eve of [link left out]')
    expect((await verify(token)).status).toBe(204)
    expect((await look()).as<VerificationRequest>().confirmed).toBe(true)
  })

  test('A11 an address whose owner disowns the account gets no more verification mails', async () => {
    const { email, accessToken } = await signUp(auth())
    const token = await tokenTo(email, 'verify')
    const refuse = () => auth().call('POST', '/v1/auth/verify-email/refuse', { body: { token } })
    expect((await refuse()).status).toBe(204)
    expect((await refuse()).problem()).toMatchObject({ code: 'invalid-link' })
    expect((await verify(token)).status).toBe(400)
    await auth().call('POST', '/v1/auth/verify-email/resend', { bearer: accessToken })
    await eventually(async () => expect(await auth().db.selectFrom('mail_outbox').select('id').execute()).toEqual([]))
    expect(mailsTo(email, 'Confirm your e-mail address')).toHaveLength(1)
    expect(await verified(accessToken)).toBe(false)
  })

  test('A11 S19 one mailbox gets few verification mails, whatever is written after the plus', async () => {
    const [local, domain] = freshEmail().split('@')
    const all = Array.from({ length: 12 }, (_, n) => `${local}+${n}@${domain}`)
    for (const email of all) await signUp(auth(), { email })
    await eventually(async () => expect(await auth().db.selectFrom('mail_outbox').select('id').execute()).toEqual([]))
    const sent = all.flatMap((email) => mailsTo(email, 'Confirm your e-mail address'))
    expect(sent).toHaveLength(5)
    for (const email of all) await forgot(email)
    await eventually(async () => expect(await auth().db.selectFrom('mail_outbox').select('id').execute()).toEqual([]))
    expect(all.flatMap((email) => mailsTo(email, 'Set a new password'))).toHaveLength(5)
  })

  test('A11 S16 a mailed link sets a new password, ends every session and verifies the address', async () => {
    const { email, accessToken, refreshToken } = await signUp(auth())
    expect((await forgot(email.toUpperCase())).status).toBe(202)
    const token = await tokenTo(email, 'reset')
    expect((await login(email, password)).status).toBe(200)
    expect((await reset(token)).status).toBe(204)
    await eventually(async () => expect((await me(auth(), accessToken)).status).toBe(401), 1000)
    expect((await refresh(auth(), refreshToken)).status).toBe(401)
    expect((await login(email, password)).status).toBe(401)
    const again = await login(email, next)
    expect(again.tokens().user.emailVerified).toBe(true)
    expect((await reset(token)).problem()).toMatchObject({ status: 400, code: 'invalid-link' })
    expect((await verify(await tokenTo(email, 'verify'))).status).toBe(400)
  })

  test('A11 a link works within an hour of being sent, once of many, for its purpose, and the newest only', async () => {
    const { email } = await signUp(auth())
    const verification = await tokenTo(email, 'verify')
    expect((await reset(verification)).status).toBe(400)
    await forgot(email)
    const first = await tokenTo(email, 'reset')
    await forgot(email)
    const second = await tokenTo(email, 'reset', 2)
    expect((await verify(second)).status).toBe(400)
    expect((await reset(first)).status).toBe(400)
    const replies = await Promise.all(Array.from({ length: 8 }, () => reset(second)))
    expect(replies.map(({ status }) => status).sort()).toEqual([204, ...Array.from({ length: 7 }, () => 400)])
    await forgot(email)
    const third = await tokenTo(email, 'reset', 3)
    auth().clock.advance(3600_001)
    expect((await reset(third)).status).toBe(400)
  })

  test('A11 a password that is refused leaves the link good', async () => {
    const { email } = await signUp(auth())
    await forgot(email)
    const token = await tokenTo(email, 'reset')
    expect((await reset(token, 'é'.repeat(40))).problem()).toMatchObject({ errors: [{ path: '/newPassword' }] })
    expect((await reset(token)).status).toBe(204)
  })

  test('A11 changing the password makes links that were mailed before worthless', async () => {
    const { email, accessToken } = await signUp(auth())
    await forgot(email)
    const token = await tokenTo(email, 'reset')
    const body = { currentPassword: password, newPassword: next }
    expect((await auth().call('POST', '/v1/auth/change-password', { body, bearer: accessToken })).status).toBe(204)
    expect((await reset(token, 'yet another one')).status).toBe(400)
  })

  test('A11 S18 known and unknown addresses get the same answer, in the same time', async () => {
    const known = await Promise.all(Array.from({ length: 30 }, async () => (await signUp(auth())).email))
    const took: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] }
    const bodies = new Set<string>()
    for (const email of known) {
      for (const [kind, address] of [
        ['known', email],
        ['unknown', freshEmail()],
      ] as const) {
        const since = performance.now()
        const reply = await forgot(address)
        took[kind].push(performance.now() - since)
        bodies.add(`${reply.status} ${reply.text} ${reply.headers.get('retry-after')}`)
      }
    }
    expect([...bodies]).toEqual(['202 {} null'])
    const median = (list: number[]) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Infinity
    expect(Math.abs(median(took.known) - median(took.unknown))).toBeLessThan(5)
  })

  test('A11 S19 one address gets a few mails an hour, and the rest of the office its own', async () => {
    const [one, two] = [await signUp(auth()), await signUp(auth())]
    const office = { 'x-forwarded-for': '198.51.100.9' }
    for (let ask = 0; ask < 12; ask += 1) expect((await forgot(one.email, office)).status).toBe(202)
    expect((await forgot(two.email, office)).status).toBe(202)
    expect((await reset(await tokenTo(two.email, 'reset'))).status).toBe(204)
    await eventually(() => expect(mailsTo(one.email, 'Set a new password').length).toBeGreaterThan(0))
    await eventually(async () => expect(await auth().db.selectFrom('mail_outbox').select('id').execute()).toEqual([]))
    expect(mailsTo(one.email, 'Set a new password').length).toBeLessThanOrEqual(5)
  })

  test('S9 A11 the token of a mail is nowhere in the database, in the outbox neither', async () => {
    const { email } = await signUp(auth())
    await forgot(email)
    const token = await tokenTo(email, 'reset')
    for (const table of ['mail_tokens', 'mail_outbox', 'users']) {
      const { rows } = await sql<{
        row: string
      }>`select to_jsonb(t)::text as row from ${sql.table(`auth.${table}`)} t`.execute(auth().db)
      expect(rows.map(({ row }) => row).join('\n')).not.toContain(token)
    }
  })

  test('A11 a Host header that somebody made up is in no link', async () => {
    const { email } = await signUp(auth())
    await forgot(email, { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' })
    expect(await tokenTo(email, 'reset')).toMatch(/^[\w-]{43}$/)
    expect(
      mailServer()
        .mails.map(({ text }) => text)
        .join(''),
    ).not.toContain('evil.example')
  })
}
