import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const keepAliveMs = 30_000
/** How long one side may stay open after the other has said that it is done. */
const halfOpenMs = 5_000

/**
 * Joins two raw sockets until both have ended. Whoever reads slowly slows the other side down, for nothing is kept here
 * beyond the buffers of the two sockets; if one breaks, both are destroyed. Resolves when it is over, whatever way.
 */
export async function join(client: Duplex, node: Duplex): Promise<void> {
  for (const socket of [client, node]) {
    if (socket instanceof Socket) socket.setTimeout(0).setNoDelay(true).setKeepAlive(true, keepAliveMs)
  }
  let timer: NodeJS.Timeout | undefined
  const destroyBoth = (): void => {
    client.destroy()
    node.destroy()
  }
  const oneSideDone = (): void => void (timer ??= setTimeout(destroyBoth, halfOpenMs))
  const toNode = pipeline(client, node).finally(oneSideDone)
  const toClient = pipeline(node, client).finally(oneSideDone)
  await Promise.allSettled([toNode, toClient])
  clearTimeout(timer)
  destroyBoth()
}
