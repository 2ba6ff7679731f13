import { rename, writeFile } from 'node:fs/promises'
import type { Replica } from './replica.ts'
import type { ServiceName } from './options.ts'
import type { Server, ServerName } from './server.ts'

interface Described {
  id: string
  pid: number
  url: string
}

/** What `--json` writes: who runs where. */
export type Description = Record<'gateways' | Exclude<ServiceName, 'gateway'>, Described[]> &
  Record<ServerName, { url: string; pid: number; dir: string }>

export function describe(replicas: readonly Replica[], servers: readonly Server[]): Description {
  const of = (name: ServiceName): Described[] =>
    replicas.filter(({ service }) => service === name).map(({ id, pid, url }) => ({ id, pid, url }))
  const at = (name: ServerName): { url: string; pid: number; dir: string } => {
    const server = servers.find((one) => one.name === name)
    return { url: server?.url ?? '', pid: server?.pid ?? 0, dir: server?.dir ?? '' }
  }
  return {
    gateways: of('gateway'),
    signaling: of('signaling'),
    auth: of('auth'),
    meetings: of('meetings'),
    chat: of('chat'),
    nats: at('nats'),
    redis: at('redis'),
    postgres: at('postgres'),
  }
}

/** Writes it in one step, so that nobody reads half of it; to the standard output without a file. */
export async function writeDescription(file: string | undefined, description: Description): Promise<void> {
  const text = `${JSON.stringify(description, null, 2)}\n`
  if (file === undefined) {
    process.stdout.write(text)
    return
  }
  const half = `${file}.${process.pid}`
  await writeFile(half, text)
  await rename(half, file)
}
