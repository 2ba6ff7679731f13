import { spawn, type ChildProcess } from 'node:child_process'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, freePort } from '@parley/kit/testing'

/** This checkout. */
export const root = join(import.meta.dirname, '..', '..', '..')
const node = join(root, 'node_modules', 'node', 'bin', 'node')
const follow = join(root, 'deploy', 'launcher', 'follow.mjs')

export type ServiceName = 'gateway' | 'signaling' | 'auth' | 'meetings' | 'chat' | 'media'

/** A process of a service, whoever started it. */
export interface Replica {
  service: ServiceName
  label: string
  pid: number
  url: string
  env: Readonly<Record<string, string>>
  /** Of those that we started. */
  child?: ChildProcess
}

const readyMs = 30_000

/** One more replica with the settings of another, on a port of its own, of the checkout `from`; resolves when it is ready. */
export async function startLike(
  other: Replica,
  { label, logs, from }: { label: string; logs: string; from: string },
): Promise<Replica> {
  const port = await freePort()
  const log = openSync(join(logs, `${label}.log`), 'a')
  const child = spawn(node, ['--import', follow, join(from, 'services', other.service, 'src', 'main.ts')], {
    env: { ...other.env, PORT: String(port) },
    stdio: ['ignore', log, log, 'ipc'],
    detached: true,
  })
  const url = `http://127.0.0.1:${port}`
  await eventually(async () => {
    if (child.exitCode !== null) return
    if (!(await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok) throw new Error('is not ready')
  }, readyMs)
  if (child.exitCode !== null) throw new Error(`${label} ended with code ${child.exitCode} instead of starting`)
  return { service: other.service, label, pid: child.pid ?? 0, url, env: other.env, child }
}
