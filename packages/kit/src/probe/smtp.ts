import nodemailer from 'nodemailer'

const timeoutMs = 5000

/** Greets a mail server and signs in, sending nothing. Rejects with what the server or the network said. */
export async function probeSmtp(url: string): Promise<void> {
  const transport = nodemailer.createTransport({
    url,
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  })
  try {
    await transport.verify()
  } finally {
    transport.close()
  }
}
