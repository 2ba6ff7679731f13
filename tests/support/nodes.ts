import { randomUUID } from 'node:crypto'
import { eventually } from '@parley/kit/testing'
import WebSocket from 'ws'

/** How many sockets a signaling node has, by its own metrics. */
export async function socketsOf(nodeUrl: string): Promise<number> {
  const text = await (await fetch(`${nodeUrl}/metrics`)).text()
  return Number(/^parley_signaling_sockets\{[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0)
}

/** A hint (`/v1/ws?meeting=`) that the gateway sends to the node with this URL: found by trying. */
export async function hintFor(nodeUrl: string, gateway: string): Promise<string> {
  for (let tries = 0; tries < 50; tries++) {
    const hint = randomUUID()
    const before = await socketsOf(nodeUrl)
    const socket = new WebSocket(`${gateway.replace('http', 'ws')}/v1/ws?meeting=${hint}`, ['parley.v1'])
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    const here = (await socketsOf(nodeUrl)) > before
    socket.terminate()
    await eventually(async () => {
      if ((await socketsOf(nodeUrl)) > before) throw new Error('the probe is still counted')
    }, 5_000)
    if (here) return hint
  }
  throw new Error(`no hint leads to ${nodeUrl}`)
}

/** The same for each of these nodes; one after the other, as they are told apart by counting. */
export async function hintsFor(nodes: readonly { url: string }[], gateway: string): Promise<string[]> {
  const hints: string[] = []
  for (const { url } of nodes) hints.push(await hintFor(url, gateway))
  return hints
}
