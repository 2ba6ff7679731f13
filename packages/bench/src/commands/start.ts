import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { freePort } from '../free-port.ts'
import { residentKiB } from '../proc.ts'
import { atMost, head, row } from '../report.ts'

const deploy = join(import.meta.dirname, '../../../../deploy')
const follow = pathToFileURL(join(deploy, 'launcher/follow.mjs')).href
const settleMs = 5_000
const withinMs = 120_000
const pollMs = 25

/** P9: how long the embedded product takes until it is ready, and its memory at the peak and at rest; new, then on its data. */
export async function startTimes(): Promise<void> {
  head('P9', 'the embedded product in one process, with an empty folder, then with its data')
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-start-'))
  try {
    const first = await start(folder)
    const again = await start(folder)
    atMost('first start, s', first.seconds, 10)
    atMost('next start, s', again.seconds, 5)
    atMost('memory at its peak, MiB', Math.max(first.peakMiB, again.peakMiB), 1_200)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function start(folder: string): Promise<{ seconds: number; peakMiB: number }> {
  const port = await freePort()
  const begun = performance.now()
  const args = ['--import', follow, join(deploy, 'embedded/src/main.ts'), '--port', String(port), '--data-dir', folder]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, LOG_LEVEL: 'warn' },
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const pid = child.pid ?? 0
  try {
    while (!(await isReady(port))) {
      if (performance.now() - begun > withinMs || child.exitCode !== null) throw new Error('it did not become ready')
      await sleep(pollMs)
    }
    const seconds = (performance.now() - begun) / 1_000
    await sleep(settleMs)
    const peakMiB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024
    row(
      'ready',
      `after ${seconds.toFixed(1)} s; ${peakMiB.toFixed(0)} MiB at the peak, ${(residentKiB([pid]) / 1_024).toFixed(0)} MiB at rest`,
    )
    return { seconds, peakMiB }
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ status }) => status === 200,
    () => false,
  )
