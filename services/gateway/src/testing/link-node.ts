import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { link as contract, toGateway, toNode, type CloseReason, type LinkAttach, type Problem } from '@parley/contracts'
import {
  castBody,
  jsonBody,
  newId,
  numberBody,
  readJson,
  readNumber,
  readRecords,
  textFrame,
  writeRecords,
  type LinkRecord,
} from '@parley/kit'
import { WebSocketServer, type WebSocket } from 'ws'

/** A client's session at the node, which says what the test tells it to. */
export interface AttachedSession {
  asked: LinkAttach
  /** The texts that came, in order. */
  heard: string[]
  /** How it ended: the close code of the client's socket, or null when it goes on elsewhere. */
  detached: number | null | undefined
  /** Whether the client reads slowly, as the gateway says. */
  slow: boolean
  send(text: string): void
  /** Everything that came is done. */
  done(): void
  close(reason: CloseReason): void
  hold(session: object): void
}

/** A signaling node, as gateways see it: the links alone. By default it takes every client and sends back each text. */
export interface LinkNode {
  readonly key: string
  readonly sessions: AttachedSession[]
  /** The open links. */
  readonly links: Set<WebSocket>
  /** Null: the client is taken. `silent`: no answer. */
  judge: (asked: LinkAttach) => Problem | 'silent' | null
  /** Called with each text of a client. */
  onText: (session: AttachedSession, text: string) => void
  /** Stands still until it is called with false: reads and says nothing. */
  freeze(frozen: boolean): void
  /** Asks gateways to move its sessions. */
  drain(): void
  /** One text to all sessions, as a broadcast. */
  cast(text: string, kind?: 'state' | 'passing'): void
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void
}

export function createLinkNode(): LinkNode {
  const key = newId()
  const server = new WebSocketServer({ noServer: true, handleProtocols: () => contract.subprotocol })
  const writers = new Set<(kind: number, id: number, body?: Buffer) => void>()
  const node: LinkNode = {
    key,
    sessions: [],
    links: new Set(),
    judge: () => null,
    onText(session, text) {
      session.send(text)
      session.done()
    },
    freeze(frozen) {
      for (const link of node.links)
        if (frozen) link.pause()
        else link.resume()
    },
    drain: () => writers.forEach((write) => write(toGateway.draining, 0)),
    cast(text, kind = 'state') {
      const body = castBody({ kind, v: 0, except: [], frame: textFrame(text) })
      for (const write of writers) write(toGateway.cast, 1, body)
    },
    upgrade(request, socket, head) {
      if (request.headers.authorization !== `Bearer ${key}`) return void socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
      server.handleUpgrade(request, socket, head, open)
    },
  }
  function open(link: WebSocket): void {
    const sessions = new Map<number, AttachedSession>()
    const write = (kind: number, id: number, body: Buffer = Buffer.alloc(0)): void => {
      if (link.readyState === link.OPEN && !link.isPaused) link.send(writeRecords([{ kind, id, body }]))
    }
    writers.add(write)
    node.links.add(link)
    link.on('error', () => link.terminate())
    link.on('close', () => {
      writers.delete(write)
      node.links.delete(link)
    })
    link.on('message', (data) => {
      for (const record of readRecords(data as Buffer)) take(node, { sessions, write }, record)
    })
  }
  return node
}

interface LinkSessions {
  sessions: Map<number, AttachedSession>
  write(kind: number, id: number, body?: Buffer): void
}

function take(node: LinkNode, link: LinkSessions, { kind, id, body }: LinkRecord): void {
  if (kind === toNode.ask) return link.write(toGateway.alive, 0)
  if (kind === toNode.attach) return attach(node, link, id, readJson(body) as LinkAttach)
  const session = link.sessions.get(id)
  if (session === undefined) return
  if (kind === toNode.detach) session.detached = body.length > 0 ? readNumber(body) : null
  if (kind === toNode.slow) session.slow = readNumber(body) === 1
  if (kind !== toNode.input) return
  session.heard.push(String(body))
  node.onText(session, String(body))
}

function attach(node: LinkNode, { sessions, write }: LinkSessions, id: number, asked: LinkAttach): void {
  const problem = node.judge(asked)
  if (problem === 'silent') return
  if (problem !== null) return write(toGateway.refused, id, jsonBody({ problem }))
  const session: AttachedSession = {
    asked,
    heard: [],
    detached: undefined,
    slow: false,
    send: (text) => write(toGateway.send, id, textFrame(text)),
    done: () => write(toGateway.done, id, numberBody(session.heard.length)),
    close: (reason) => write(toGateway.close, id, jsonBody({ reason, text: reason })),
    hold: (held) => write(toGateway.hold, id, jsonBody({ session: held })),
  }
  sessions.set(id, session)
  node.sessions.push(session)
  write(toGateway.attached, id)
  write(toGateway.join, 1, numberBody(id))
}
