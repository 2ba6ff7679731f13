/** The peer of the fan-out benchmark: a `ws` server that broadcasts each message to its room, and does nothing else. */
import { createServer } from 'node:http'
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
    for (const peer of room) peer.send(text)
  })
  socket.on('close', () => room.delete(socket))
})
http.listen(0, '127.0.0.1', () => process.send?.({ port: (http.address() as { port: number }).port }))
process.once('disconnect', () => process.exit(0))
