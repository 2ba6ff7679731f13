import { spawn } from 'node:child_process'
import type { Check, Command } from './checks.ts'

const atOnce = 2
const timeoutMs = 5 * 60_000

/** Runs a check and prints a line about it, and what its failing commands said; false when one failed. */
export async function runStep({ name, commands }: Check): Promise<boolean> {
  const from = Date.now()
  const waiting = [...commands]
  const faults: string[] = []
  const work = async (): Promise<void> => {
    for (let command = waiting.shift(); command !== undefined; command = waiting.shift()) {
      const { ok, output } = await run(command)
      if (!ok) faults.push(output)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  const seconds = ((Date.now() - from) / 1000).toFixed(1)
  process.stdout.write(
    `${faults.length === 0 ? '✓' : '✗'} ${name} (${seconds} s)\n${faults.map((fault) => `${fault.trimEnd()}\n`).join('')}`,
  )
  return faults.length === 0
}

function run({ args, cwd }: Command): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
    child.once('error', reject)
    child.once('close', (code, signal) => {
      const late = signal === 'SIGKILL' ? `no end after ${timeoutMs / 1000} s\n` : ''
      resolve({ ok: code === 0, output: output + late })
    })
  })
}
