import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ServerProcess {
  pid: number
  /** Sends the stop signal, after 5 s SIGKILL; resolves when the process and its folder, if temporary, are gone. */
  stop(): Promise<void>
  kill(signal: NodeJS.Signals): void
  exited(): boolean
}

/** Where a server listens. */
interface TcpAddress {
  host: string
  port: number
}

export interface ServerCommand {
  command: string
  args: readonly string[]
  dir: string
  /** Whether `dir` goes when the server stops. */
  temporary: boolean
  /** In the server's log, once it takes connections; or the addresses that take them, of a server that does not say so. */
  ready: RegExp | readonly TcpAddress[]
  stopSignal: 'SIGTERM' | 'SIGQUIT'
  /** The user that runs it, if not this process's. */
  user?: { uid: number; gid: number }
}

const readyTimeoutMs = 20_000
const stopTimeoutMs = 5000
const connectTimeoutMs = 1000

/** Starts a server and resolves when its log says that it is ready; rejects with the end of its log if it never is. */
export async function startProcess(server: ServerCommand): Promise<ServerProcess> {
  const logFile = `${server.dir}/server.log`
  const child = spawnServer(server, logFile)
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const pid = await started(child)
  const watcher = watch(pid, server)
  const exited = () => child.exitCode !== null || child.signalCode !== null
  const kill = (signal: NodeJS.Signals) => void child.kill(signal)
  const stop = async () => {
    kill(server.stopSignal)
    kill('SIGCONT')
    const patience = new AbortController()
    await Promise.race([exit, sleep(stopTimeoutMs, undefined, { signal: patience.signal }).then(() => kill('SIGKILL'))])
    patience.abort()
    await exit
    watcher.kill('SIGKILL')
    if (server.temporary) await rm(server.dir, { recursive: true, force: true })
  }
  const until = Date.now() + readyTimeoutMs
  while (!(await isReady(server.ready, logFile))) {
    if (exited() || Date.now() > until) {
      const log = readFileSync(logFile, 'utf8').slice(-2000)
      await stop()
      throw new Error(`${server.command} did not start:\n${log}`)
    }
    await sleep(10)
  }
  return { pid, stop, kill, exited }
}

async function isReady(ready: ServerCommand['ready'], logFile: string): Promise<boolean> {
  if (ready instanceof RegExp) return ready.test(readFileSync(logFile, 'utf8'))
  return (await Promise.all(ready.map(accepts))).every(Boolean)
}

const accepts = (address: TcpAddress): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(address)
    const end = (accepted: boolean) => {
      socket.destroy()
      resolve(accepted)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
    socket.setTimeout(connectTimeoutMs, () => end(false))
  })

/** Its own session, so that Ctrl-C reaches only the parent, which then stops things in its order. */
function spawnServer({ command, args, dir, user }: ServerCommand, logFile: string): ChildProcess {
  const log = openSync(logFile, 'w')
  try {
    const child = spawn(command, args, { cwd: dir, stdio: ['ignore', log, log], detached: true, ...user })
    child.unref()
    return child
  } finally {
    closeSync(log)
  }
}

const started = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('spawn', () => (child.pid === undefined ? reject(new Error('No pid')) : resolve(child.pid)))
  })

/**
 * A shell that waits for the end of a pipe from this process, then ends the server: however this process goes, even by
 * SIGKILL, the server and its folder go with it.
 */
function watch(pid: number, { stopSignal, dir, temporary }: ServerCommand): ChildProcess {
  const signal = stopSignal === 'SIGQUIT' ? 'QUIT' : 'KILL'
  const script = 'cat >/dev/null; kill -"$1" "$2"; kill -CONT "$2"; sleep 0.5; [ -z "$3" ] || rm -rf "$3"'
  const args = ['-c', script, 'watch', signal, String(pid), temporary ? dir : '']
  const watcher = spawn('sh', args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  watcher.unref()
  const { stdin } = watcher
  if (stdin && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  return watcher
}
