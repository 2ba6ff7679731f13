import { connect } from 'nats'
import { natsOptions, type NatsLogin } from '../bus/nats-options.ts'

/** Asks a NATS server for a round trip; returns its version. Rejects with what the server or the network said. */
export async function probeNats(at: { url: string; login?: NatsLogin | undefined }): Promise<{ version: string }> {
  const options = natsOptions({ ...at, name: 'parley doctor', inboxPrefix: '_INBOX.doctor' })
  const connection = await connect({ ...options, maxReconnectAttempts: 0, reconnect: false, timeout: 5000 })
  try {
    await connection.flush()
    return { version: connection.info?.version ?? 'unknown' }
  } finally {
    await connection.close()
  }
}
