import { createHmac, randomBytes } from 'node:crypto'

const prefix = 'whsec_'

/** A secret of an endpoint: 32 random bytes, written as Standard Webhooks has it. */
export const newSecret = (): string => prefix + randomBytes(32).toString('base64')

/**
 * The headers of one attempt, as in Standard Webhooks 1.0.0 (standardwebhooks.com): HMAC-SHA256 of `id.timestamp.body`, once with
 * each secret. `at` in milliseconds.
 */
export function signedHeaders(secrets: readonly string[], message: { id: string; at: number; body: Buffer }) {
  const timestamp = String(Math.floor(message.at / 1000))
  const sign = (secret: string): string =>
    createHmac('sha256', Buffer.from(secret.slice(prefix.length), 'base64'))
      .update(`${message.id}.${timestamp}.`)
      .update(message.body)
      .digest('base64')
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map((secret) => `v1,${sign(secret)}`).join(' '),
  }
}
