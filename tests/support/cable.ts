import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** The way to a gateway, which can be cut: what goes through it breaks off, and nothing new comes through. */
export interface Cable {
  url: string
  pull(): void
  plug(): void
  close(): void
}

export async function layCable(gateway: string): Promise<Cable> {
  const { hostname, port } = new URL(gateway)
  const open = new Set<Socket>()
  let whole = true
  const server = createServer((here) => {
    if (!whole) return here.destroy()
    const there = connect(Number(port), hostname)
    for (const [one, other] of [
      [here, there],
      [there, here],
    ] as const) {
      open.add(one)
      // Either end may break off at any time; then so does the other.
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pull() {
      whole = false
      cut()
    },
    plug: () => void (whole = true),
    close() {
      cut()
      server.close()
    },
  }
}
