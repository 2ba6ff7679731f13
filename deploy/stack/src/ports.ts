import { createServer } from 'node:net'
import { StartupError } from '@parley/kit'

// Below what operating systems give to outgoing connections: one of those must not take the port of a killed replica.
const first = 20_000
const last = 32_000
const attempts = 200
const given = new Set<number>()

/** A free port of 127.0.0.1 that stays good for a process that starts later, or again. */
export async function pickPort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = first + Math.floor(Math.random() * (last - first))
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
  throw new StartupError(`no free port between ${first} and ${last}`)
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
