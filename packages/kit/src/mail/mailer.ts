import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import nodemailer, { type SendMailOptions } from 'nodemailer'
import type { Logger } from '../logger.ts'

export interface Mail {
  to: string
  subject: string
  text: string
  html?: string
  attachments?: readonly { filename: string; content: string; contentType: string }[]
  /** An iCalendar text, offered by mail programs as an invitation; `method` as in the text itself (RFC 5546). */
  icalEvent?: { method: 'REQUEST' | 'CANCEL' | 'PUBLISH'; content: string; filename?: string }
}

export interface Mailer {
  /**
   * Delivers to the server or the folder. `id` becomes the Message-ID, so that a mail that is sent twice is seen to be one.
   * Rejects with MailRefusedError when another attempt cannot help, with another error when it may.
   */
  send(mail: Mail, id: string): Promise<void>
}

/** Thrown by what makes a mail: it is not to be sent before `waitMs` have passed, and is made anew then. */
export class MailLaterError extends Error {
  readonly waitMs: number
  constructor(waitMs: number) {
    super('the mail is to be sent later')
    this.waitMs = waitMs
  }
}

/** The server will never take this mail: its recipient or its content is refused. */
export class MailRefusedError extends Error {}

export interface MailerOptions {
  /** `smtp[s]://user:password@host:port` */
  url?: string | undefined
  /** A folder for .eml files, when there is no server. */
  dir?: string | undefined
  from: string
  log: Logger
}

/** Sends mail by SMTP, else into a folder. With neither it says so once, and mails are dropped. */
export function createMailer({ url, dir, from, log }: MailerOptions): Mailer {
  if (url !== undefined) return smtpMailer(url, from)
  return dir === undefined ? noMailer(log) : folderMailer(resolve(dir), from, log)
}

const timeoutMs = 5000

function smtpMailer(url: string, from: string): Mailer {
  const transport = nodemailer.createTransport({
    url,
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  })
  return {
    async send(mail, id) {
      try {
        await transport.sendMail(messageOf(mail, from, id))
      } catch (error) {
        throw isFinal(error) ? new MailRefusedError('the mail server refuses it', { cause: error }) : error
      }
    },
  }
}

/** A permanent answer (5xx, RFC 5321) to the recipient or the message; to the password or the sender it is ours to mend. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, responseCode, command } = error as { code?: unknown; responseCode?: unknown; command?: unknown }
  const permanent = typeof responseCode === 'number' && responseCode >= 500
  return permanent && ((code === 'EENVELOPE' && command !== 'MAIL FROM') || code === 'EMESSAGE')
}

function folderMailer(dir: string, from: string, log: Logger): Mailer {
  const transport = nodemailer.createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
  return {
    async send(mail, id) {
      const { message } = await transport.sendMail(messageOf(mail, from, id))
      const file = join(dir, `${id}.eml`)
      await mkdir(dir, { recursive: true, mode: 0o700 })
      // In the .eml long lines are folded and encoded: this one is for people who want to copy a link.
      await writeFile(join(dir, `${id}.txt`), `To: ${mail.to}\nSubject: ${mail.subject}\n\n${mail.text}\n`, {
        mode: 0o600,
      })
      // A program that watches the folder never sees half a mail.
      await writeFile(`${file}.part`, message as Buffer, { mode: 0o600 })
      await rename(`${file}.part`, file)
      log.info({ file }, 'no SMTP_URL is set: wrote the mail to a file, and its text to a .txt beside it')
    },
  }
}

function noMailer(log: Logger): Mailer {
  log.warn('mail is not set up, so none is sent: set SMTP_URL, or MAIL_DIR for files')
  return { send: async (_mail, id) => log.debug({ id }, 'dropped a mail') }
}

function messageOf({ attachments, ...mail }: Mail, from: string, id: string): SendMailOptions {
  const host = /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? 'parley'
  return {
    ...mail,
    ...(attachments === undefined ? {} : { attachments: [...attachments] }),
    from,
    messageId: `<${id}@${host}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}
