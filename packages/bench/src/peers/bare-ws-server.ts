/**
 * The naive peer: a `ws` server that sends each text to everybody in its room, and nothing else. A text that begins with
 * `>` goes to the one socket whose number in the room follows.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'

const rooms = new Map<string, Set<WebSocket>>()
const http = createServer()
const server = new WebSocketServer({ server: http, perMessageDeflate: false })

server.on('connection', (socket, request) => {
  const name = request.url ?? '/'
  const room = rooms.get(name) ?? new Set()
  rooms.set(name, room.add(socket))
  socket.on('message', (data) => {
    const text = String(data)
    if (!text.startsWith('>')) for (const peer of room) peer.send(text)
    else [...room][Number(text.slice(1, text.indexOf(' ')))]?.send(text)
  })
  socket.on('close', () => room.delete(socket))
})
http.listen(0, '127.0.0.1', () => process.send?.({ port: (http.address() as AddressInfo).port }))
process.once('disconnect', () => process.exit(0))
