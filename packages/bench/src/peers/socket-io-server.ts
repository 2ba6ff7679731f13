/** Socket.IO with its Redis adapter (the URL is the argument): each `say` goes to everybody in the room, on every node. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'

const publisher = new Redis(process.argv[2] ?? '')
const subscriber = publisher.duplicate()
for (const client of [publisher, subscriber])
  client.on('error', (error) => process.stderr.write(`Redis: ${error.message}\n`))
const http = createServer()
const server = new Server(http, {
  adapter: createAdapter(publisher, subscriber),
  transports: ['websocket'],
  perMessageDeflate: false,
})

server.on('connection', (socket) => {
  const room = String(socket.handshake.query['room'])
  void socket.join(room)
  socket.on('say', (data) => server.to(room).emit('said', data))
})
http.listen(0, '127.0.0.1', () => process.send?.({ port: (http.address() as AddressInfo).port }))
process.once('disconnect', () => process.exit(0))
