import { StartupError } from '@parley/kit'
import { Command } from 'commander'

export const serviceNames = ['auth', 'meetings', 'chat', 'signaling', 'gateway'] as const
export type ServiceName = (typeof serviceNames)[number]

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
    .allowExcessArguments(false)
  for (const name of serviceNames)
    command.option(`--${name} <replicas>`, `replicas of ${name}`, count(`--${name}`, mostReplicas), 1)
  const given = command.parse(argv).opts<Record<ServiceName, number> & Omit<Options, 'replicas'>>()
  const { auth, meetings, chat, signaling, gateway, json, logs, port, respawn } = given
  return { replicas: { auth, meetings, chat, signaling, gateway }, json, logs, port, respawn }
}

function count(option: string, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isInteger(value) && value >= 0 && value <= most) return value
    throw new StartupError(`${option} ${text} does not fit; expected an integer from 0 to ${most}`)
  }
}
