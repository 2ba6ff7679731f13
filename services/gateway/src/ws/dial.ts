import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Instance } from '@parley/kit'
import { deadline } from './deadline.ts'
import type { Nodes } from './nodes.ts'

/** A node that agreed to the handshake, or its answer that refuses it. */
export type Dialled =
  | { kind: 'open'; socket: Duplex; head: Buffer; answer: IncomingMessage }
  | { kind: 'refused'; answer: IncomingMessage }

export interface DialOptions {
  path: string
  /** Flat list of names and values, with those of the handshake. */
  headers: readonly string[]
  connectMs: number
  answerMs: number
  /** Ends the attempt: whoever asked has gone. */
  signal: AbortSignal
}

/**
 * Asks a node to open a WebSocket. Rejects when it cannot be reached in `connectMs` or does not answer in `answerMs`.
 * Nothing of the client's bytes goes to the node before it has agreed: a node that refused would take them for the next
 * request.
 */
const dial = (url: string, { path, headers, connectMs, answerMs, signal }: DialOptions): Promise<Dialled> =>
  new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? requestHttps : requestHttp
    const request = send(url, {
      path,
      method: 'GET',
      headers: ['host', new URL(url).host, ...headers],
      agent: false,
      signal,
    })
    const patience = (what: string, ms: number) =>
      deadline(ms, () => request.destroy(new Error(`no ${what} within ${ms} ms`)))
    let stop = patience('connection', connectMs)
    request.once('socket', (socket) =>
      socket.once('connect', () => {
        stop()
        stop = patience('answer', answerMs)
      }),
    )
    const settle = (dialled: Dialled): void => {
      stop()
      resolve(dialled)
    }
    request.once('upgrade', (answer, socket, head) => settle({ kind: 'open', socket, head, answer }))
    request.once('response', (answer) => settle({ kind: 'refused', answer }))
    request.once('error', (error) => {
      stop()
      reject(error)
    })
    request.end()
  })

/** As `dial`; rejects at once when the node is abandoned meanwhile, for a frozen one takes connections and says nothing. */
export async function dialNode(
  node: Instance,
  options: DialOptions,
  nodes: Pick<Nodes, 'onAbandoned'>,
): Promise<Dialled> {
  const abandoned = new AbortController()
  const stop = nodes.onAbandoned(node, () => abandoned.abort())
  try {
    return await dial(node.url, { ...options, signal: AbortSignal.any([options.signal, abandoned.signal]) })
  } finally {
    stop()
  }
}
