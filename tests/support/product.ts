import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { eventually, freePort } from '@parley/kit/testing'

const root = join(import.meta.dirname, '..', '..')
/** The binary itself: the shim in .bin is a shell, and would take the signals. */
const node = join(root, 'node_modules', 'node', 'bin', 'node')
/** Preloaded: however we end, what we started ends too. */
const follow = pathToFileURL(join(root, 'deploy', 'launcher', 'follow.mjs')).href

/** The product as a user has it: started by its own entry, known by its URLs. */
export interface Product {
  /** The gateways; with several, each leads to everything. */
  gateways: readonly string[]
  /** The output, for when something fails. */
  output(): string
  stop(): Promise<void>
}

export interface Embedded extends Product {
  pid: number
  dataDir: string
  /** Ends it at once, as a power cut would; the folder stays. */
  kill(): Promise<void>
}

/** The description that `--json` writes when all is ready. */
export interface StackFile {
  gateways: { url: string; pid: number }[]
  signaling: { id: string; pid: number; url: string }[]
  auth: { id: string; pid: number; url: string }[]
  meetings: { id: string; pid: number; url: string }[]
  chat: { id: string; pid: number; url: string }[]
  media: { id: string; pid: number; url: string }[]
  nats: { url: string; pid: number; dir: string }
  redis: { url: string; pid: number; dir: string }
  postgres: { url: string; pid: number; dir: string }
  /** With `--janus`. */
  janus?: { id: string; url: string; adminUrl: string; pid: number }[]
  /** With `--turn`. */
  turn?: { url: string; pid: number }
  /** With `--sentinel`. */
  sentinel?: Record<'master' | 'replica' | 'sentinel', { url: string; pid: number; dir: string }>
}

export async function startEmbedded({
  dataDir,
  port,
  args = [],
  env = {},
}: {
  dataDir?: string
  port?: number
  args?: readonly string[]
  env?: Readonly<Record<string, string>>
} = {}): Promise<Embedded> {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'parley-scenario-')))
  const chosen = port ?? (await freePort())
  const { child, output } = run('deploy/embedded/src/main.ts', args, {
    ...env,
    PORT: String(chosen),
    PARLEY_DATA_DIR: folder,
  })
  const url = `http://127.0.0.1:${chosen}`
  await ready(child, output, async () => {
    if (!(await fetch(`${url}/readyz`)).ok) throw new Error('not ready')
  })
  const ended = exitOf(child)
  return {
    gateways: [url],
    dataDir: folder,
    pid: child.pid ?? 0,
    output,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
      if (dataDir === undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The distributed product: a process per replica on its own PostgreSQL, Redis and NATS. */
export async function startStack(
  args: readonly string[] = ['--gateway', '2', '--signaling', '2', '--chat', '2'],
  env: Readonly<Record<string, string>> = {},
): Promise<Product & { pid: number; file: StackFile; present(): Promise<StackFile> }> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-stack-'))
  const path = join(folder, 'stack.json')
  const { child, output } = run('deploy/stack/src/main.ts', [...args, '--json', path], env)
  await ready(child, output, async () => void (await readFile(path)))
  const present = async () => JSON.parse(await readFile(path, 'utf8')) as StackFile
  const file = await present()
  const ended = exitOf(child)
  return {
    pid: child.pid ?? 0,
    file,
    /** As it is now: what came back (`--respawn`) has another pid. */
    present,
    gateways: file.gateways.map(({ url }) => url),
    output,
    async stop() {
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function run(entry: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(node, ['--import', follow, join(root, entry), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => (text = (text + String(chunk)).slice(-200_000)))
  return { child, output: () => text }
}

const exitOf = (child: ChildProcess): Promise<number | null> =>
  child.exitCode === null && child.signalCode === null
    ? new Promise((resolve) => child.once('exit', resolve))
    : Promise.resolve(child.exitCode)

async function ready(child: ChildProcess, output: () => string, check: () => Promise<void>): Promise<void> {
  try {
    await eventually(async () => {
      if (child.exitCode === null) await check()
    }, 60_000)
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error(`the product did not become ready:\n${output().slice(-4_000)}`, { cause: error })
  }
}

/** Runs a Node program to its end; rejects with what it printed when it fails. */
export async function runProgram(path: string, args: readonly string[]): Promise<string> {
  const { child, output } = run(path, args, {})
  const code = await exitOf(child)
  if (code !== 0) throw new Error(`${path} ended with ${code}:\n${output()}`)
  return output()
}
