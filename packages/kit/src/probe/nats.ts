import { connect } from 'nats'
import { natsOptions } from '../bus/nats-options.ts'

/** Asks a NATS server for a round trip; returns its version. Rejects with what the server or the network said. */
export async function probeNats(url: string): Promise<{ version: string }> {
  const options = { ...natsOptions({ url, name: 'parley doctor' }), waitOnFirstConnect: false, maxReconnectAttempts: 0 }
  const connection = await connect({ ...options, reconnect: false, timeout: 5000 })
  try {
    await connection.flush()
    return { version: connection.info?.version ?? 'unknown' }
  } finally {
    await connection.close()
  }
}
