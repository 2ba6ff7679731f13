import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

interface Replica {
  id: string
  pid: number
  url: string
}

/** The processes of a stack: what `npm run stack -- --json FILE` writes. */
export interface Stack {
  gateways: Replica[]
  signaling: Replica[]
  auth: Replica[]
  meetings: Replica[]
  chat: Replica[]
  media: Replica[]
  janus: { id: string; pid: number }[]
  redis: { url: string; pid: number }
  nats: { url: string; pid: number }
  postgres: { url: string; pid: number; dir: string }
}

/**
 * The settings that a stack of ours is started with. The peer of every connection is this machine, which is trusted to say
 * who it speaks for: each person of a benchmark has an address of their own, and all limits stay on.
 */
const settings = { LOG_LEVEL: 'warn', TRUST_PROXY: 'loopback', BCRYPT_COST: '4' }
const readyWithinMs = 60_000
const deploy = join(import.meta.dirname, '../../../../deploy')
const entry = join(deploy, 'stack/src/main.ts')
/** Ends a process when its parent is gone, however that went. */
const follow = pathToFileURL(join(deploy, 'launcher/follow.mjs')).href

export interface StackOptions {
  /** A stack that runs already, as its file describes it; it has to have the settings above. */
  file?: string | undefined
  signaling?: number
  gateways?: number
  janus?: number
  env?: Record<string, string>
}

/** Runs `work` with a stack, which it starts and stops unless a file names one. */
export async function withStack<T>(options: StackOptions, work: (stack: Stack) => Promise<T>): Promise<T> {
  if (options.file !== undefined) return await work(JSON.parse(await readFile(options.file, 'utf8')) as Stack)
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'))
  const file = join(folder, 'stack.json')
  const janus = ['--janus', String(options.janus ?? 0)]
  const replicas = ['--signaling', String(options.signaling ?? 1), '--gateway', String(options.gateways ?? 1)]
  const args = [...replicas, ...janus, '--json', file, '--logs', join(folder, 'logs')]
  const child = spawn(process.execPath, ['--import', follow, entry, ...args], {
    env: { ...process.env, ...settings, ...options.env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  try {
    return await work(await described(file, child))
  } finally {
    child.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
}

async function described(file: string, child: ChildProcess): Promise<Stack> {
  const until = Date.now() + readyWithinMs
  while (Date.now() < until && child.exitCode === null) {
    const text = await readFile(file, 'utf8').catch(() => '')
    if (text !== '') return JSON.parse(text) as Stack
    await sleep(100)
  }
  throw new Error(child.exitCode === null ? 'the stack was not ready within a minute' : 'the stack did not start')
}

/** The first of a list that cannot be empty in a stack that runs. */
export function first<T>(list: readonly T[]): T {
  const [one] = list
  if (one === undefined) throw new Error('the stack lacks a service that this benchmark needs')
  return one
}
