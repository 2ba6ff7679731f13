import { fork } from 'node:child_process'
import { join } from 'node:path'

/** A server to compare with, in a process of its own. */
export interface Peer {
  pid: number
  url: string
  stop(): void
}

/** Starts a file of this folder, which tells its port when it listens. */
export async function startPeer(file: string, args: readonly string[] = []): Promise<Peer> {
  const child = fork(join(import.meta.dirname, file), args, { silent: true })
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)))
  })
  return { pid: child.pid ?? 0, url: `ws://127.0.0.1:${port}`, stop: () => child.disconnect() }
}
