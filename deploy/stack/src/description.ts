import { rename, writeFile } from 'node:fs/promises'
import type { MediaServers } from './media-servers.ts'
import type { Replica } from './replica.ts'
import type { ServiceName } from './options.ts'
import type { SentinelPart, Server, ServerName } from './server.ts'

interface Described {
  id: string
  pid: number
  url: string
}

interface DescribedServer {
  url: string
  pid: number
  dir: string
}

/**
 * The file that `--json` writes: who runs where. `sentinel`: the servers that Redis consists of, with `--sentinel`; `janus` and `turn` with the
 * options of these names.
 */
export type Description = Record<'gateways' | Exclude<ServiceName, 'gateway'>, Described[]> &
  Record<ServerName, DescribedServer> & {
    sentinel?: Record<SentinelPart, DescribedServer>
    janus: (DescribedServer & { id: string; adminUrl: string })[]
    turn?: DescribedServer
  }

export function describe(
  replicas: readonly Replica[],
  servers: readonly Server[],
  { janus, turn }: Pick<MediaServers, 'janus' | 'turn'>,
): Description {
  const of = (name: ServiceName): Described[] =>
    replicas.filter(({ service }) => service === name).map(({ id, pid, url }) => ({ id, pid, url }))
  const at = (name: ServerName): DescribedServer => placeOf(servers.find((one) => one.name === name))
  const parts = servers.find((one) => one.parts !== undefined)?.parts
  return {
    gateways: of('gateway'),
    signaling: of('signaling'),
    auth: of('auth'),
    meetings: of('meetings'),
    chat: of('chat'),
    media: of('media'),
    nats: at('nats'),
    redis: at('redis'),
    postgres: at('postgres'),
    janus: janus.map((one) => ({ id: one.id, adminUrl: one.adminUrl, ...placeOf(one) })),
    ...(turn && { turn: placeOf(turn) }),
    ...(parts && {
      sentinel: {
        master: placeOf(parts.master),
        replica: placeOf(parts.replica),
        sentinel: { ...placeOf(parts.sentinel), url: `redis://127.0.0.1:${parts.sentinel.port}` },
      },
    }),
  }
}

const openUrlOf = (server?: DescribedServer & { openUrl?: string }): string => server?.openUrl ?? server?.url ?? ''
const placeOf = (server?: DescribedServer & { openUrl?: string }): DescribedServer => ({
  url: openUrlOf(server),
  pid: server?.pid ?? 0,
  dir: server?.dir ?? '',
})

/** Writes it in one step, so that nobody reads half of it; to the standard output without a file. */
export async function writeDescription(file: string | undefined, description: Description): Promise<void> {
  const text = `${JSON.stringify(description, null, 2)}\n`
  if (file === undefined) {
    process.stdout.write(text)
    return
  }
  const half = `${file}.${process.pid}`
  // Passwords are in it.
  await writeFile(half, text, { mode: 0o600 })
  await rename(half, file)
}
