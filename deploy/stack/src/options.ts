import { StartupError } from '@parley/kit'
import { Command } from 'commander'
import type { ServerName } from './server.ts'

const serviceNames = ['auth', 'meetings', 'chat', 'media', 'signaling', 'gateway'] as const
export type ServiceName = (typeof serviceNames)[number]

/** A setting of one replica (`signaling-2`) or of all replicas of a service (`signaling`), over everything else. */
interface Setting {
  who: string
  name: string
  value: string
}

export interface Options {
  replicas: Readonly<Record<ServiceName, number>>
  /** Where the stack describes itself when it is ready. */
  json: string | undefined
  /** Folder for a log file of each process, instead of lines on the standard output. */
  logs: string | undefined
  /** Of the first gateway; 0 takes a free one. */
  port: number
  /** Whether what was killed comes back. */
  respawn: boolean
  /** Whether Redis is a master, a replica and a Sentinel that promotes it. */
  sentinel: boolean
  /** How many Janus the SFU has; 0: meetings are a mesh. */
  janus: number
  /** Whether there is a TURN server. */
  turn: boolean
  settings: readonly Setting[]
  /** Ports of the servers, for what has to know them before they start; free ones otherwise. */
  serverPorts: Readonly<Partial<Record<ServerName, number>>>
  /** PostgreSQL's folder, to be kept, such as one on a disk of its own; a temporary one otherwise. */
  postgresDir: string | undefined
}

const mostReplicas = 20

/** Reads the command line; prints the help and ends the process when that is what it asks for. */
export function parseOptions(argv: readonly string[]): Options {
  const command = new Command('npm run stack --')
    .description(
      'The distributed Parley on this machine: a process per replica, with its own PostgreSQL, Redis and NATS.',
    )
    .option('--json <file>', 'write what runs where into this file when all is ready')
    .option('--logs <folder>', 'a log file for each process, instead of lines here')
    .option('--port <number>', 'port of the first gateway (default: a free one)', count('--port', 65_535), 0)
    .option('--respawn', 'bring back what was killed, on the same port', false)
    .option('--sentinel', 'Redis with a replica, and a Sentinel that promotes it (not with --respawn)', false)
    .option('--janus <number>', 'Janus servers for the SFU', count('--janus', mostReplicas), 0)
    .option('--turn', 'a TURN server (coturn)', false)
    .option(
      '--set <replica:NAME=value>',
      'a setting of one replica, e.g. signaling-2:NATS_URL=nats://127.0.0.1:4333 (repeatable)',
      collect(parseSetting),
      [],
    )
    .option(
      '--server-port <server=port>',
      'the port of nats, redis or postgres (default: a free one; repeatable)',
      collect(parseServerPort),
      [],
    )
    .option('--postgres-dir <folder>', 'keep the data of PostgreSQL in this folder (default: a temporary one)')
    .allowExcessArguments(false)
  for (const name of serviceNames)
    command.option(`--${name} <replicas>`, `replicas of ${name}`, count(`--${name}`, mostReplicas), 1)
  const given = command.parse(argv).opts<Given>()
  const { auth, meetings, chat, media, signaling, gateway, set: settings, serverPort, ...others } = given
  const serverPorts = Object.fromEntries(serverPort)
  // The Sentinel is what looks after Redis then, and has its own idea of who is there.
  if (given.sentinel && (given.respawn || serverPorts['redis'] !== undefined))
    throw new StartupError('--sentinel does not go with --respawn, nor with a --server-port of redis')
  const { json, logs, port, respawn, sentinel, janus, turn, postgresDir } = others
  const replicas = { auth, meetings, chat, media, signaling, gateway }
  return { replicas, json, logs, port, respawn, sentinel, janus, turn, settings, serverPorts, postgresDir }
}

type Given = Record<ServiceName, number> &
  Omit<Options, 'replicas' | 'settings' | 'serverPorts'> & { set: Setting[]; serverPort: [ServerName, number][] }

const collect =
  <T>(parse: (text: string) => T) =>
  (text: string, before: T[]): T[] => [...before, parse(text)]

function parseSetting(text: string): Setting {
  const [, who, name, value] = /^([a-z]+(?:-\d+)?):([A-Z][A-Z0-9_]*)=(.*)$/s.exec(text) ?? []
  if (who === undefined || name === undefined || value === undefined)
    throw new StartupError(`--set ${text} does not fit; expected <replica>:<NAME>=<value>`)
  return { who, name, value }
}

function parseServerPort(text: string): [ServerName, number] {
  const [, name, port] = /^(nats|redis|postgres)=(\d+)$/.exec(text) ?? []
  if (name === undefined)
    throw new StartupError(`--server-port ${text} does not fit; expected nats|redis|postgres=<port>`)
  return [name as ServerName, count('--server-port', 65_535)(port ?? '')]
}

function count(option: string, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isInteger(value) && value >= 0 && value <= most) return value
    throw new StartupError(`${option} ${text} does not fit; expected an integer from 0 to ${most}`)
  }
}
