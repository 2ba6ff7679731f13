import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  janusSettings,
  makeJanusSecrets,
  startCoturn,
  startJanus,
  turnSettings,
  type JanusSecrets,
  type RunningCoturn,
  type RunningJanus,
} from '@parley/kit/testing'
import type { Options, ServiceName } from './options.ts'
import type { Watched } from './server.ts'

/** The Janus and the TURN server of a stack. */
export interface MediaServers {
  readonly janus: readonly (Watched & Pick<RunningJanus, 'id' | 'url' | 'adminUrl' | 'dir'>)[]
  readonly turn: (Watched & Pick<RunningCoturn, 'url' | 'dir'>) | undefined
  /** The settings of a service about them. */
  settingsOf(service: ServiceName): NodeJS.ProcessEnv
  stop(): Promise<void>
}

/** Starts as many Janus as asked for, and coturn. Secrets that the environment has are theirs too. */
export async function startMediaServers(
  options: Pick<Options, 'janus' | 'turn'>,
  { env, dir }: { env: NodeJS.ProcessEnv; dir: string },
): Promise<MediaServers> {
  const recordingsDir = join(dir, 'recordings')
  const secrets = secretsFrom(env)
  const started: Running<RunningJanus | RunningCoturn>[] = []
  const keep = <T extends RunningJanus | RunningCoturn>(one: Running<T>): Running<T> => {
    started.push(one)
    return one
  }
  const stop = async (): Promise<void> => void (await Promise.all(started.map((one) => one.stop())))
  try {
    if (options.janus > 0) await mkdir(recordingsDir, { recursive: true })
    const numbers = Array.from({ length: options.janus }, (_, index) => index + 1)
    const [janus, turn] = await Promise.all([
      Promise.all(numbers.map((number) => runJanus({ id: `janus-${number}`, secrets, recordingsDir }).then(keep))),
      options.turn ? runCoturn(env['TURN_SECRET']).then(keep) : undefined,
    ])
    const forAll = turn === undefined ? {} : turnSettings(turn.first)
    const forMedia = {
      OBJECTS_DIR: env['OBJECTS_DIR'] ?? join(dir, 'objects'),
      ...janusSettings(janus.map(({ first }) => first)),
    }
    return {
      janus: janus.map((one) => watchedAs(one.first.id, one)),
      turn: turn && watchedAs('turn', turn),
      settingsOf: (service) =>
        service === 'media' ? { ...forAll, ...forMedia } : service === 'signaling' ? forAll : {},
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Running<T> {
  readonly first: T
  pid(): number
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A server that comes back where it was. The one that was killed is stopped with the others: its folder is removed then. */
function restartable<T extends { pid: number; stop(): Promise<void> }>(first: T, again: () => Promise<T>): Running<T> {
  const all = [first]
  return {
    first,
    pid: () => all.at(-1)?.pid ?? 0,
    restart: async () => void all.push(await again()),
    stop: async () => void (await Promise.all(all.map((one) => one.stop()))),
  }
}

async function runJanus(fixed: { id: string; secrets: JanusSecrets; recordingsDir: string }) {
  const first = await startJanus(fixed)
  const { ports, host } = first
  return restartable(first, () => startJanus({ ...fixed, ports, host }))
}

async function runCoturn(secret: string | undefined) {
  const first = await startCoturn(secret === undefined ? {} : { secret })
  const { host, port } = first
  return restartable(first, () => startCoturn({ secret: first.secret, host, port }))
}

const watchedAs = <T extends object>(name: string, { first, pid, restart }: Running<T>): T & Watched =>
  Object.defineProperty({ ...first, name, restart, pid: pid() }, 'pid', { get: pid, enumerable: true })

function secretsFrom(env: NodeJS.ProcessEnv): JanusSecrets {
  const made = makeJanusSecrets()
  return {
    adminSecret: env['JANUS_ADMIN_SECRET'] ?? made.adminSecret,
    adminKey: env['JANUS_ADMIN_KEY'] ?? made.adminKey,
    tokenSecret: env['JANUS_TOKEN_SECRET'] ?? made.tokenSecret,
  }
}
