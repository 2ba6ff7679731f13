import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { StartupError } from '@parley/kit'
import type { ServiceName } from './options.ts'
import type { Output } from './output.ts'

export interface ReplicaOptions {
  service: ServiceName
  /** How we call it: `signaling-2`. */
  label: string
  port: number
  /** The environment of the process besides its port. */
  env: NodeJS.ProcessEnv
  output: Output
  /** It ended though nobody here ended it. */
  onExit(how: string): void
}

/** One process of one service, always on the same port. */
export interface Replica {
  readonly service: ServiceName
  readonly label: string
  readonly url: string
  readonly pid: number
  /** Its name in logs, leases and subjects; of its present process. */
  readonly id: string
  /** Starts its process and resolves when it is ready; throws StartupError with the end of its log after 30 s. */
  start(): Promise<void>
  /** SIGTERM, and SIGKILL after `patienceMs`; resolves when the process is gone. */
  stop(patienceMs: number): Promise<void>
}

const readyTimeoutMs = 30_000
const probeTimeoutMs = 3000
const pollEveryMs = 50
const follow = new URL('../../launcher/follow.mjs', import.meta.url).href

export function createReplica(options: ReplicaOptions): Replica {
  const { service, label, port, output } = options
  const url = `http://127.0.0.1:${port}`
  let child: ChildProcess | undefined
  let id = ''
  let stopping = false

  async function start(): Promise<void> {
    const started = launch(options)
    child = started
    started.once('exit', (code, signal) => stopping || started !== child || options.onExit(signal ?? `code ${code}`))
    await untilReady(url, started).catch((error: unknown) => {
      throw new StartupError(
        `${label} (pid ${started.pid}) did not become ready: ${String(error)}; its last lines:\n${output.lastLines()}`,
      )
    })
    id = await instanceIdOf(url)
  }
  async function stop(patienceMs: number): Promise<void> {
    stopping = true
    if (child !== undefined && isRunning(child)) await end(child, patienceMs)
    output.close()
  }
  return {
    service,
    label,
    url,
    start,
    stop,
    get pid() {
      return child?.pid ?? 0
    },
    get id() {
      return id
    },
  }
}

/** In a session of its own, so that Ctrl-C reaches it through us; it ends when we are gone (follow.mjs). */
/** Bytes that pass through are young garbage: a small nursery, and one arena for them, keep these processes small. */
const passesBytes: ReadonlySet<ServiceName> = new Set(['gateway', 'media'])
const smallNursery = ['--max-semi-space-size=2']
const oneArena = { MALLOC_ARENA_MAX: '1' }

function launch({ service, port, env, output }: ReplicaOptions): ChildProcess {
  const main = fileURLToPath(new URL(`../../../services/${service}/src/main.ts`, import.meta.url))
  const child = spawn(process.execPath, [...(passesBytes.has(service) ? smallNursery : []), '--import', follow, main], {
    env: { ...(passesBytes.has(service) ? oneArena : {}), ...env, PORT: String(port), HOST: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  })
  if (child.stdout !== null) output.follow(child.stdout)
  if (child.stderr !== null) output.follow(child.stderr)
  return child
}

const isRunning = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const until = performance.now() + readyTimeoutMs
  let last = 'nothing answers'
  while (performance.now() < until) {
    if (!isRunning(child)) throw new Error(`it ended with ${child.signalCode ?? `code ${child.exitCode}`}`)
    try {
      const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(probeTimeoutMs) })
      last = (await answer.text()).slice(0, 300)
      if (answer.ok) return
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
    await sleep(pollEveryMs)
  }
  throw new Error(`${last} after ${readyTimeoutMs / 1000} s`)
}

async function instanceIdOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/version`, { signal: AbortSignal.timeout(probeTimeoutMs) })
  const value: unknown = await answer.json()
  return typeof value === 'object' && value !== null && 'instanceId' in value ? String(value.instanceId) : ''
}

async function end(child: ChildProcess, patienceMs: number): Promise<void> {
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  // One that a test has frozen could not hear it.
  child.kill('SIGCONT')
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
  await gone
  clearTimeout(timer)
}
