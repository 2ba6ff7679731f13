import { join } from 'node:path'
import type { Environment, Logger } from '@parley/kit'
import {
  janusSettings,
  mediaAddress,
  startCoturn,
  startJanus,
  turnSettings,
  type RunningCoturn,
  type RunningJanus,
} from '@parley/kit/media-servers'
import { keepUp, type KeptUp } from './keep-up.ts'
import { findPrograms, type Programs } from './programs.ts'
import { openSecrets, type MediaSecrets } from './secrets.ts'

/** Janus and coturn beside the product. */
export interface MediaBeside {
  /** The product's settings about them. */
  settings: Readonly<Record<string, string>>
  /** For the first screen: what media there is, and what is missing. */
  lines: readonly string[]
  stop(): Promise<void>
}

interface Options {
  env: Environment
  /** Absolute, and there already. */
  dataDir: string
  log: Logger
}

/**
 * Starts those of Janus and coturn that are on the PATH and that the environment does not name elsewhere. A server that is missing or does not start is told, and meetings go on as a mesh.
 */
export async function startMediaBeside({ env, dataDir, log }: Options): Promise<MediaBeside> {
  const programs = findPrograms(env['PATH'])
  const address = await mediaAddress().catch((error: unknown) => error)
  if (typeof address !== 'string') return nothing([reason(address), ...toInstall(programs)])
  const place: MediaHost = { dataDir, address, log, secrets: openSecrets(dataDir) }
  const { janus, turnserver } = programs.found
  const [sfu, turn] = await Promise.allSettled([
    janus !== undefined && !env['JANUS_SERVERS'] ? runJanus(janus, place) : undefined,
    turnserver !== undefined && !env['TURN_URLS'] ? runCoturn(turnserver, place) : undefined,
  ])
  const sfuThere = sfu.status === 'fulfilled' ? sfu.value : undefined
  const turnThere = turn.status === 'fulfilled' ? turn.value : undefined
  const failed = [sfu, turn].flatMap((one) => (one.status === 'rejected' ? [reason(one.reason)] : []))
  return {
    settings: {
      ...(sfuThere && janusSettings([sfuThere.first])),
      ...(turnThere && turnSettings(turnThere.first)),
    },
    lines: [
      whatThereIs(sfuThere?.first, programs),
      ...(turnThere ? [`TURN at ${turnThere.first.host}:${turnThere.first.port}`] : []),
      ...failed,
      ...toInstall(programs),
    ],
    stop: async () => void (await Promise.all([sfuThere?.stop(), turnThere?.stop()])),
  }
}

interface MediaHost {
  dataDir: string
  address: string
  log: Logger
  secrets: MediaSecrets
}

/** Its media uses every address of this machine, so that a laptop may change its network. */
function runJanus(command: string, { dataDir, log, secrets }: MediaHost): Promise<KeptUp<RunningJanus>> {
  const fixed = { command, secrets, host: 'any', recordingsDir: join(dataDir, 'recordings-raw') }
  const again = ({ ports }: RunningJanus) => startJanus({ ...fixed, ports })
  return keepUp('janus', { log, start: () => startJanus(fixed), again })
}

function runCoturn(command: string, { address, log, secrets }: MediaHost): Promise<KeptUp<RunningCoturn>> {
  const fixed = { command, secret: secrets.turnSecret, host: address }
  const again = ({ port }: RunningCoturn) => startCoturn({ ...fixed, port })
  return keepUp('coturn', { log, start: () => startCoturn(fixed), again })
}

function whatThereIs(sfu: RunningJanus | undefined, { found }: Programs): string {
  if (sfu === undefined) return 'mesh (each participant sends to each other)'
  return found['janus-pp-rec'] !== undefined && found.ffmpeg !== undefined
    ? 'SFU and recordings (Janus)'
    : 'SFU (Janus), no recordings'
}

const toInstall = ({ install }: Programs): string[] => (install === undefined ? [] : [`missing: ${install}`])

const nothing = (lines: readonly string[]): MediaBeside => ({
  settings: {},
  lines: ['mesh', ...lines],
  stop: async () => {},
})

const reason = (error: unknown): string => (error instanceof Error ? error.message.slice(0, 500) : String(error))
