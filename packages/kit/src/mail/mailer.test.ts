import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import PostalMime from 'postal-mime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLogger } from '../logger.ts'
import { freePort, startMailServer, type MailServer } from '../testing/index.ts'
import { createMailer, MailRefusedError, type Mail } from './mailer.ts'

const log = createLogger({ service: 'mail-test', level: 'silent' })
const from = 'Parley <no-reply@meet.example>'
const calendar = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'METHOD:REQUEST', 'END:VCALENDAR', ''].join('\r\n')
const mail: Mail = { to: 'ada@example.org', subject: 'Grüße 👋', text: 'Guten Tag\n\nhttps://meet.example/x#token=y' }

let server: MailServer
let dir: string
beforeEach(async () => {
  server = await startMailServer()
  dir = await mkdtemp(join(tmpdir(), 'parley-mail-'))
})
afterEach(async () => {
  await server.stop()
  await rm(dir, { recursive: true })
})

test('A11 a mail arrives at a real SMTP server as it was written', async () => {
  await createMailer({ url: server.url, from, log }).send(mail, 'id-1')
  expect(server.mails).toMatchObject([
    {
      recipients: ['ada@example.org'],
      from: { address: 'no-reply@meet.example', name: 'Parley' },
      subject: mail.subject,
      messageId: '<id-1@meet.example>',
    },
  ])
  expect(server.mails[0]?.text?.trim()).toBe(mail.text)
})

test('M12 a mail carries a calendar event and attachments', async () => {
  const attachments = [{ filename: 'notes.txt', content: 'hello', contentType: 'text/plain' }]
  const icalEvent = { method: 'REQUEST', content: calendar } as const
  await createMailer({ url: server.url, from, log }).send({ ...mail, attachments, icalEvent }, 'id-2')
  const parts = server.mails[0]?.attachments ?? []
  expect(parts.map(({ mimeType }) => mimeType)).toEqual(expect.arrayContaining(['text/calendar', 'text/plain']))
  const invite = parts.find(({ mimeType }) => mimeType === 'text/calendar')
  expect(invite).toMatchObject({ method: 'REQUEST' })
  // The parser gives lines of text their own ends.
  const text = Buffer.from(invite?.content as ArrayBuffer).toString()
  expect(text.split(/\r?\n/)).toEqual(calendar.split('\r\n'))
})

test('A11 nothing in a recipient or a subject becomes a header', async () => {
  const evil = { to: 'ada@example.org\r\nBcc: eve@example.org', subject: 'x\r\nBcc: eve@example.org', text: '' }
  await createMailer({ url: server.url, from, log }).send({ ...evil, to: mail.to }, 'id-3')
  expect(server.mails[0]?.headers.filter(({ key }) => key === 'bcc')).toEqual([])
  expect(server.mails[0]?.recipients).toEqual([mail.to])
})

test('A11 signs in at the server; a wrong password may be mended, a refused recipient not', async () => {
  const strict = await startMailServer({
    login: { user: 'parley', password: 'p:w/1' },
    refuse: (recipient) => recipient.startsWith('nobody'),
  })
  const send = (url: string, to: string) => createMailer({ url, from, log }).send({ ...mail, to }, 'id-4')
  await send(strict.url, mail.to)
  expect(strict.mails).toHaveLength(1)
  await expect(send(strict.url, 'nobody@example.org')).rejects.toBeInstanceOf(MailRefusedError)
  const wrong = send(strict.url.replace('p%3Aw', 'other'), mail.to)
  await expect(wrong).rejects.not.toBeInstanceOf(MailRefusedError)
  await expect(send(`smtp://127.0.0.1:${await freePort()}`, mail.to)).rejects.toThrow('ECONNREFUSED')
  await strict.stop()
})

test('A11 without a server mails are files that only we may read, and the log says where, not what', async () => {
  const lines: string[] = []
  const told = createLogger({
    service: 'mail-test',
    format: 'json',
    destination: { write: (line) => lines.push(line) },
  })
  const folder = join(dir, 'mail')
  const link = `https://meet.example/reset-password#token=${'x'.repeat(43)}`
  const text = `Grüße, here is a rather long line, longer than most mail programs would leave alone in a mail:\n${link}`
  await createMailer({ dir: folder, from, log: told }).send({ ...mail, text }, 'id-5')
  expect(await readdir(folder)).toEqual(['id-5.eml', 'id-5.txt'])
  const file = join(folder, 'id-5.eml')
  for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
  expect(await readFile(join(folder, 'id-5.txt'), 'utf8')).toContain(`\n${link}\n`)
  const read = await PostalMime.parse(await readFile(file))
  expect([read.subject, read.text?.trim()]).toEqual([mail.subject, text])
  expect(lines.join('')).toContain(file)
  expect(lines.join('')).not.toContain('token=')
})

test('A11 with neither it says once what to set, and drops mails', async () => {
  const lines: string[] = []
  const told = createLogger({
    service: 'mail-test',
    format: 'json',
    destination: { write: (line) => lines.push(line) },
  })
  const mailer = createMailer({ from, log: told })
  for (const id of ['a', 'b']) await mailer.send(mail, id)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('SMTP_URL')
})
