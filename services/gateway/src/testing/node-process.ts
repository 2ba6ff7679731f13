import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface NodeProcess {
  url: string
  pid: number
  /** Ends it, frozen or not. */
  kill(): Promise<void>
}

const main = fileURLToPath(new URL('./node-process.fixture.ts', import.meta.url))

/** A signaling node's sockets in a process of their own, so that it can be frozen: agrees to every handshake and is silent. */
export async function startNodeProcess(): Promise<NodeProcess> {
  const child = fork(main, [], { execArgv: [] })
  const [url] = (await once(child, 'message', { signal: AbortSignal.timeout(15_000) })) as [string]
  return {
    url,
    pid: child.pid ?? 0,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}
