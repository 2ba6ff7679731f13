import type { AddressInfo } from 'node:net'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'

/** A mail as a mail program reads it, and whom it was for. */
export interface ReceivedMail extends Email {
  recipients: string[]
}

export interface MailServer {
  url: string
  port: number
  /** The mails that arrived, oldest first. */
  mails: ReceivedMail[]
  stop(): Promise<void>
}

export interface MailServerOptions {
  /** By default a free one. */
  port?: number
  /** The login it asks for; by default it takes mail from anybody. */
  login?: { user: string; password: string }
  /** Answers 550 to these recipients. */
  refuse?: (recipient: string) => boolean
}

/** A real SMTP server on 127.0.0.1 that keeps what it gets. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const { port = 0, login } = options
  const mails: ReceivedMail[] = []
  const server = createServer(mails, options)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.server.address() as AddressInfo
  const credentials = login === undefined ? '' : `${login.user}:${encodeURIComponent(login.password)}@`
  return {
    url: `smtp://${credentials}127.0.0.1:${address.port}`,
    port: address.port,
    mails,
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

function createServer(mails: ReceivedMail[], { login, refuse }: MailServerOptions): SMTPServer {
  return new SMTPServer({
    // Its certificate would be its own; whoever tests TLS brings one.
    disabledCommands: login === undefined ? ['STARTTLS', 'AUTH'] : ['STARTTLS'],
    authOptional: login === undefined,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 500,
    onAuth(auth, _session, callback) {
      const good = auth.username === login?.user && auth.password === login?.password
      callback(good ? null : new Error('wrong password'), { user: auth.username })
    },
    onRcptTo({ address }, _session, callback) {
      callback(refuse?.(address) === true ? Object.assign(new Error('no such user'), { responseCode: 550 }) : null)
    },
    onData(stream, session, callback) {
      void keep(mails, stream, session, callback)
    },
  })
}

async function keep(
  mails: ReceivedMail[],
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  done: (error?: Error | null) => void,
): Promise<void> {
  try {
    mails.push(await receive(stream, session))
    done()
  } catch (error) {
    done(error instanceof Error ? error : new Error('cannot read the mail'))
  }
}

async function receive(stream: SMTPServerDataStream, { envelope }: SMTPServerSession): Promise<ReceivedMail> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  const mail = await PostalMime.parse(Buffer.concat(chunks))
  return { ...mail, recipients: envelope.rcptTo.map(({ address }) => address) }
}
