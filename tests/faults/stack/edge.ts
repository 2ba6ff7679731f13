import { startFaultProxy, type Address, type FaultProxy } from '../proxy/fault-proxy.ts'

/** The load balancer before the gateways: only those that are ready get new connections. */
export interface Edge {
  /** Another way in, with a weather of its own. */
  open(): Promise<FaultProxy & { url: string }>
  close(): Promise<void>
}

const probeEveryMs = 200

export function createEdge(gateways: () => readonly string[]): Edge {
  const ready = new Set<string>()
  const doors: FaultProxy[] = []
  let turn = 0

  const probe = async (url: string): Promise<void> => {
    const ok = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
      (answer) => answer.ok,
      () => false,
    )
    if (ok) ready.add(url)
    else ready.delete(url)
  }
  const timer = setInterval(() => void Promise.all(gateways().map(probe)), probeEveryMs)

  /** Those that are ready in turn, then the others: a probe may be wrong. */
  function targets(): Address[] {
    turn += 1
    const all = gateways()
    const some = all.filter((url) => ready.has(url))
    const first = some.map((_, index) => some[(index + turn) % some.length] ?? '')
    return [...first, ...all.filter((url) => !ready.has(url))].map(addressOf)
  }
  return {
    async open() {
      const door = await startFaultProxy({ targets })
      doors.push(door)
      return Object.assign(door, { url: `http://127.0.0.1:${door.port}` })
    },
    async close() {
      clearInterval(timer)
      await Promise.all(doors.map((door) => door.close()))
    },
  }
}

export function addressOf(url: string): Address {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}
