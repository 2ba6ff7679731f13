import { randomBytes, randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcess, type ServerProcess, type ServerCommand } from './process.ts'

/** Inclusive, UDP. Two servers may share some: each takes another port when one is in use. */
export interface PortRange {
  from: number
  to: number
}

const portsOfRange = 400
const firstMediaPort = 40_000
const lastMediaPort = 60_000

/** A range for the media of one server, at random, so that two servers rarely meet. */
export function pickPortRange(): PortRange {
  const from = randomInt(firstMediaPort, lastMediaPort - portsOfRange)
  return { from, to: from + portsOfRange - 1 }
}

/** A secret that fits into every configuration file. */
export const makeSecret = (): string => randomBytes(24).toString('hex')

export interface StartedMediaServer extends ServerProcess {
  dir: string
}

type Prepare = (dir: string) => Promise<Pick<ServerCommand, 'command' | 'args' | 'ready'>>
const attempts = 3

/**
 * Starts a server in a folder of its own (a temporary one unless `dir` is given). `prepare` writes its configuration and may
 * choose ports; it is called again when somebody took one meanwhile.
 */
export async function startMediaServer(
  kind: string,
  options: { dir?: string | undefined; fixedPorts: boolean },
  prepare: Prepare,
): Promise<StartedMediaServer> {
  for (let attempt = 1; ; attempt += 1) {
    const dir = options.dir ?? (await mkdtemp(join(tmpdir(), `parley-${kind}-`)))
    const temporary = options.dir === undefined
    try {
      return { dir, ...(await startProcess({ ...(await prepare(dir)), dir, temporary, stopSignal: 'SIGTERM' })) }
    } catch (error) {
      if (temporary) await rm(dir, { recursive: true, force: true })
      if (options.fixedPorts || attempt === attempts) throw error
    }
  }
}
