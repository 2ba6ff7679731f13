import { freePort } from '@parley/kit/testing'
import type { Link } from './fault.ts'
import { startFaultProxy, type FaultProxy } from './proxy/fault-proxy.ts'

interface OpenLinks {
  links: FaultProxy[]
  /** For the stack, so that it goes through them. */
  args: string[]
  close(): Promise<unknown>
}

/** Proxies between replicas and servers, which listen before the servers do; and what the stack has to know of them. */
export async function openLinks(links: readonly Link[] = []): Promise<OpenLinks> {
  const ports = new Map<string, number>()
  const proxies: FaultProxy[] = []
  const args: string[] = []
  for (const { who, server } of links) {
    const port = ports.get(server) ?? (await freePort())
    if (!ports.has(server)) args.push('--server-port', `${server}=${port}`)
    ports.set(server, port)
    const proxy = await startFaultProxy({ targets: () => [{ host: '127.0.0.1', port }] })
    proxies.push(proxy)
    args.push('--set', `${who}:${settingOf(server, proxy.port)}`)
  }
  return { links: proxies, args, close: () => Promise.all(proxies.map((proxy) => proxy.close())) }
}

function settingOf(server: 'nats' | 'redis' | 'postgres', port: number): string {
  if (server === 'postgres') return `DATABASE_URL=postgres://127.0.0.1:${port}/postgres`
  return `${server.toUpperCase()}_URL=${server}://127.0.0.1:${port}`
}
