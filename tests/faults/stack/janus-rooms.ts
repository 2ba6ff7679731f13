import { createHmac } from 'node:crypto'
import { JanusClient } from '@parley/bench/janus'

/** Secrets that a stack is started with, so that a check can ask its Janus itself. */
export const janusEnv = {
  JANUS_ADMIN_SECRET: 'a-secret-of-the-fault-runner',
  JANUS_ADMIN_KEY: 'a-key-of-the-fault-runner',
  JANUS_TOKEN_SECRET: 'a-token-secret-of-the-fault-runner',
} as const

/** The rooms that a Janus has, by asking it past the product. */
export async function roomsAt(url: string): Promise<string[]> {
  const data = `${Math.floor(Date.now() / 1_000) + 60},janus,janus.plugin.videoroom`
  const token = `${data}:${createHmac('sha1', janusEnv.JANUS_TOKEN_SECRET).update(data).digest('base64')}`
  const client = await JanusClient.open({ url, subprotocol: 'janus-protocol', token }, null)
  try {
    await client.create()
    const answer = await client.message(await client.attach(), { request: 'list', admin_key: janusEnv.JANUS_ADMIN_KEY })
    const list = answer.plugindata?.data['list'] as { room: string }[]
    return list.map(({ room }) => room)
  } finally {
    client.drop()
  }
}
