import type { Parley, ParleyOptions } from './api.ts'
import { createParleyWith } from './parley.ts'

export * from './index.ts'

/** The entry for Node: `createParley` takes WebSocket from the package `ws` where Node has none of its own, which is before 22. */
export const createParley = (options: ParleyOptions = {}): Parley => createParleyWith(options, findWebSocket)

async function findWebSocket(): Promise<typeof WebSocket> {
  if (globalThis.WebSocket !== undefined) return globalThis.WebSocket
  try {
    return (await import('ws')).WebSocket as unknown as typeof WebSocket
  } catch (cause) {
    const help =
      'This Node has no WebSocket of its own: install the package ws, or pass a class as the option WebSocket'
    throw new TypeError(help, { cause })
  }
}
