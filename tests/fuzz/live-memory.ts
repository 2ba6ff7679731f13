import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { eventually } from '@parley/kit/testing'
import WebSocket from 'ws'

/** MiB: what the system says is resident, and what is alive on the heap and outside it after a full collection. */
export interface Memory {
  resident: number
  live: number
}

const mib = 1_048_576
const answerWithinMs = 20_000

/** Has processes started from now on open their inspector, when they are asked to, on a port of its own. */
export function makeInspectable(): void {
  process.env['NODE_OPTIONS'] = '--inspect-port=0'
}

/** Where each process's inspector listens: it says so once, and what it printed long ago is not kept. */
const inspectors = new Map<number, string>()

async function openInspector(pid: number, output: () => string): Promise<string> {
  process.kill(pid, 'SIGUSR1')
  const url = await eventually(() => {
    const found = /Debugger listening on (ws:\/\/127\.0\.0\.1:\d+\/[\w-]+)/.exec(output())?.[1]
    if (found === undefined) throw new Error('the inspector does not say where it listens')
    return found
  }, answerWithinMs)
  inspectors.set(pid, url)
  return url
}

/**
 * Resident memory alone says little of a process whose collector has no reason to hurry; so a collection is asked for through
 * the inspector (SIGUSR1, Chrome DevTools Protocol). `output` is what the process has printed: the inspector's address.
 */
export async function memoryOf(pid: number, output: () => string): Promise<Memory> {
  const url = inspectors.get(pid) ?? (await openInspector(pid, output))
  const socket = new WebSocket(url)
  await once(socket, 'open', { signal: AbortSignal.timeout(answerWithinMs) })
  await call(socket, 'HeapProfiler.collectGarbage')
  const expression = '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())'
  const { result } = await call(socket, 'Runtime.evaluate', { expression })
  socket.terminate()
  return { resident: residentMiB(pid), live: Number(result?.value) / mib }
}

interface Answer {
  id: number
  result: { result?: { value?: unknown } }
}

async function call(socket: WebSocket, method: string, params: object = {}): Promise<Answer['result']> {
  const id = Math.floor(Math.random() * 1_000_000)
  socket.send(JSON.stringify({ id, method, params }))
  for (;;) {
    const [data] = (await once(socket, 'message', { signal: AbortSignal.timeout(answerWithinMs) })) as [
      WebSocket.RawData,
    ]
    const answer = JSON.parse(String(data)) as Answer
    if (answer.id === id) return answer.result
  }
}

/** Resident memory of a process (VmRSS, proc(5)). */
export function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024
}
