import { startFaultProxy } from '../faults/proxy/fault-proxy.ts'

const everyMs = 200
const probeMs = 1_000

/**
 * One address in front of several gateways, as a Kubernetes service is: a new connection goes to one that is ready, in turn;
 * connections that stand stay where they are.
 */
export async function startBalancer(gateways: () => readonly string[]) {
  let ready: readonly string[] = gateways()
  let turn = 0
  const poll = async () => {
    const all = gateways()
    const states = await Promise.all(all.map(isReady))
    const found = all.filter((_, index) => states[index])
    if (found.length > 0) ready = found
  }
  const timer = setInterval(() => void poll(), everyMs)
  const proxy = await startFaultProxy({
    targets() {
      turn += 1
      const first = turn % ready.length
      return [...ready.slice(first), ...ready.slice(0, first)].map((url) => ({
        host: '127.0.0.1',
        port: Number(new URL(url).port),
      }))
    },
  })
  return {
    url: `http://127.0.0.1:${proxy.port}`,
    async stop(): Promise<void> {
      clearInterval(timer)
      await proxy.close()
    },
  }
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`, { signal: AbortSignal.timeout(probeMs) }).then(
    ({ ok }) => ok,
    () => false,
  )
