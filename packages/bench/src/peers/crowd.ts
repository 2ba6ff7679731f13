import WebSocket from 'ws'
import { several } from '../product/people.ts'

/** As long as the broadcast that Parley makes of a media update. */
export const sample = {
  type: 'media.changed',
  payload: { v: 123_456, participantId: '0'.repeat(36), mic: true, cam: false, screen: false },
}

const opened = (socket: WebSocket): Promise<WebSocket> =>
  new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket))
    socket.once('error', reject)
  })

/** Rooms of sockets of the bare server. */
export const bareRooms = (url: string, rooms: number, people: number): Promise<WebSocket[][]> =>
  several(rooms, 1, (room) => several(people, 8, () => opened(new WebSocket(`${url}/${room}`))))

/** A Socket.IO client as far as it is needed here (Engine.IO protocol 4, WebSocket transport): it connects, and answers pings. */
async function socketIo(url: string, room: number): Promise<WebSocket> {
  const socket = new WebSocket(`${url}/socket.io/?EIO=4&transport=websocket&room=${room}`)
  const connected = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      if (data[0] === 0x30) socket.send('40')
      else if (data.length === 1 && data[0] === 0x32) socket.send('3')
      else if (data[0] === 0x34 && data[1] === 0x30) resolve()
    })
  })
  await opened(socket)
  await connected
  return socket
}

/** Rooms of Socket.IO sockets, the people of each room on the nodes in turn. */
export const socketIoRooms = (urls: readonly string[], rooms: number, people: number): Promise<WebSocket[][]> =>
  several(rooms, 1, (room) => several(people, 8, (index) => socketIo(urls[index % urls.length] ?? '', room)))

export const isSocketIoEvent = (data: Buffer): boolean => data[0] === 0x34 && data[1] === 0x32
