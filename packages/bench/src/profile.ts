import { setTimeout as sleep } from 'node:timers/promises'
import { writeFile } from 'node:fs/promises'
import WebSocket from 'ws'
import { say } from './report.ts'

export interface Profiling {
  /** Where the V8 CPU profile is written; the browser's developer tools open it. */
  file: string
}

interface ProfileNode {
  id: number
  callFrame: { functionName: string; url: string; lineNumber: number }
}
interface CpuProfile {
  nodes: ProfileNode[]
  samples: number[]
  timeDeltas: number[]
}

const inspectorPort = 9229
const shown = 15

/**
 * Runs `work`, with the first of the processes under V8's CPU profiler if that is wanted; then prints where its time went.
 * Node opens its inspector on SIGUSR1, so the process needs no preparation.
 */
export async function profiled<T>(
  profiling: Profiling | undefined,
  [pid]: readonly number[],
  work: () => Promise<T>,
): Promise<T> {
  if (profiling === undefined || pid === undefined) return await work()
  const inspector = await attach(pid)
  try {
    await inspector.send('Profiler.enable')
    await inspector.send('Profiler.setSamplingInterval', { interval: 500 })
    await inspector.send('Profiler.start')
    const done = await work()
    const { profile } = (await inspector.send('Profiler.stop')) as { profile: CpuProfile }
    await writeFile(profiling.file, JSON.stringify(profile))
    say(`    profile of process ${pid} in ${profiling.file}`)
    for (const line of topOf(profile)) say(`      ${line}`)
    return done
  } finally {
    await inspector.close()
  }
}

/** Has a process collect its garbage, so that what it holds is what it needs. */
export async function collectGarbage(pid: number): Promise<void> {
  const inspector = await attach(pid)
  try {
    await inspector.send('HeapProfiler.collectGarbage')
    await inspector.send('HeapProfiler.collectGarbage')
  } finally {
    await inspector.close()
  }
}

interface Inspector {
  send(method: string, params?: object): Promise<unknown>
  close(): Promise<void>
}

/** Speaks the DevTools protocol with a process. Two processes cannot have their inspectors open on one port: one at a time. */
async function attach(pid: number): Promise<Inspector> {
  process.kill(pid, 'SIGUSR1')
  const socket = new WebSocket(await debuggerUrl(), { perMessageDeflate: false, maxPayload: 1024 ** 3 })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const waiting = new Map<number, (answer: { result?: unknown; error?: { message: string } }) => void>()
  let last = 0
  socket.on('message', (data) => {
    const answer = JSON.parse(String(data)) as { id?: number; result?: unknown; error?: { message: string } }
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer)
  })
  const send = (method: string, params: object = {}): Promise<unknown> => {
    last += 1
    const id = last
    return new Promise((resolve, reject) => {
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id)
        if (error === undefined) resolve(result)
        else reject(new Error(`${method}: ${error.message}`))
      })
      socket.send(JSON.stringify({ id, method, params }))
    })
  }
  const { result } = (await send('Runtime.evaluate', { expression: 'process.pid' })) as { result: { value: number } }
  if (result.value !== pid) throw new Error(`port ${inspectorPort} is the inspector of process ${result.value}`)
  const close = async (): Promise<void> => {
    // So that the next process finds the port free; closing it waits for us to be gone.
    const expression = "setTimeout(() => process.getBuiltinModule('node:inspector').close(), 20)"
    await send('Runtime.evaluate', { expression })
    socket.terminate()
    await portFree()
  }
  return { send, close }
}

async function portFree(): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    await sleep(50)
    const taken = await fetch(`http://127.0.0.1:${inspectorPort}/json/version`).then(
      () => true,
      () => false,
    )
    if (!taken) return
  }
  throw new Error(`port ${inspectorPort} does not become free`)
}

async function debuggerUrl(): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await fetch(`http://127.0.0.1:${inspectorPort}/json/list`)
      const [target] = (await answer.json()) as { webSocketDebuggerUrl: string }[]
      if (target !== undefined) return target.webSocketDebuggerUrl
    } catch (error) {
      if (tries > 50) throw error
    }
    await sleep(100)
  }
}

/** The functions in which the most time was spent themselves. */
function topOf({ nodes, samples, timeDeltas }: CpuProfile): string[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const selfMicros = new Map<string, number>()
  let busy = 0
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '?'
    const micros = timeDeltas[index] ?? 0
    if (name === '(idle)') continue
    busy += micros
    selfMicros.set(name, (selfMicros.get(name) ?? 0) + micros)
  }
  return [...selfMicros]
    .sort(([, one], [, other]) => other - one)
    .slice(0, shown)
    .map(([name, micros]) => `${((micros / busy) * 100).toFixed(1).padStart(5)} %  ${name}`)
}

function nameOf({ functionName, url, lineNumber }: ProfileNode['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  const place = url
    .replace(/^.*\/(node_modules|services|packages)\//, '$1/')
    .replace(/^node_modules\/.pnpm\/[^/]+\//, '')
  return url === '' ? name : `${name}  ${place}:${lineNumber + 1}`
}
