import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { StartupError } from '@parley/kit'

const pauseMs = 250

/**
 * Tries again for `ms`, since a former process that is stopping may still hold the port or the folder. It lets go of
 * the port at once, and of the folder when its sockets are gone.
 */
export async function patiently<T>(ms: number, attempt: () => Promise<T>): Promise<T> {
  const until = performance.now() + ms
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof StartupError) || performance.now() > until) throw error
    }
    await sleep(pauseMs)
  }
}

/**
 * Finds out early whether the port is free, before anything else is begun.
 * @throws StartupError when it is taken
 */
export function checkPort(host: string, port: number): Promise<void> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      // Any other fault is told by whoever listens in earnest.
      if (error.code === 'EADDRINUSE')
        reject(new StartupError(`port ${port} is in use; PORT chooses another`, { cause: error }))
      else resolve()
    })
    server.listen(port, host, () => server.close(() => resolve()))
  })
}
