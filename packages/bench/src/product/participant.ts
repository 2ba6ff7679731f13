import WebSocket from 'ws'
import { several, type Guest } from './people.ts'

export interface Message {
  type: string
  requestId?: string
  payload: Record<string, unknown>
}

/** The WebSocket address of a gateway or a signaling node. Its hint keeps a meeting on one node. */
const socketUrl = (base: string, meetingId: string): string =>
  `${base.replace(/^http/, 'ws')}/v1/ws?meeting=${meetingId}`

/** Opens an authenticated socket that answers pings. */
export function openSocket(base: string, { accessToken, meetingId, address }: Guest): Promise<WebSocket> {
  const socket = new WebSocket(socketUrl(base, meetingId), ['parley.v1', `bearer.${accessToken}`], {
    headers: { 'x-forwarded-for': address },
    perMessageDeflate: false,
  })
  socket.on('message', (data: Buffer) => {
    if (data.subarray(0, 14).toString('latin1') === '{"type":"ping"') socket.send('{"type":"pong"}')
  })
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket))
    socket.once('error', reject)
  })
}

/** Sends a request and resolves with its answer; rejects with an error answer, or when the socket closes first. */
export function request(socket: WebSocket, type: string, payload: object): Promise<Message> {
  const requestId = `${type}-${Math.random()}`
  return new Promise((resolve, reject) => {
    const done = (): void => {
      socket.off('message', onMessage)
      socket.off('close', onClose)
    }
    const onClose = (code: number): void => {
      done()
      reject(new Error(`the socket was closed with ${code} before ${type} was answered`))
    }
    const onMessage = (data: Buffer): void => {
      const text = String(data)
      if (!text.includes(requestId)) return
      done()
      const message = JSON.parse(text) as Message
      if (message.type === 'error') reject(new Error(`${type}: ${JSON.stringify(message.payload)}`))
      else resolve(message)
    }
    socket.on('message', onMessage)
    socket.once('close', onClose)
    socket.send(JSON.stringify({ type, requestId, payload }))
  })
}

/** The members of `room.joined` that a client needs to come back, and its identity. */
export interface Joined extends Record<string, unknown> {
  v: number
  sessionId: string
  resumeToken: string
  selfParticipant: { id: string }
}

/** Joins the meeting of the guest's room token. */
export async function join(socket: WebSocket, { roomToken }: Guest): Promise<Joined> {
  const { payload } = await request(socket, 'room.join', { roomToken, device: { mic: true, cam: true } })
  return payload as Joined
}

/** Everybody in their room, those of one room on the servers in turn. */
export const joinedRooms = (urls: readonly string[], rooms: readonly (readonly Guest[])[]): Promise<WebSocket[][]> =>
  several(rooms.length, 1, (room) => {
    const guests = rooms[room] ?? []
    return several(guests.length, 8, async (index) => {
      const guest = guests[index]
      if (guest === undefined) throw new Error('a guest for every place')
      const socket = await openSocket(urls[index % urls.length] ?? '', guest)
      await join(socket, guest)
      return socket
    })
  })

const cams = new WeakMap<WebSocket, boolean>()

/** A message that changes the room's state, every time: the same state again would be no broadcast. */
export function toggleCam(socket: WebSocket): void {
  const cam = !(cams.get(socket) ?? true)
  cams.set(socket, cam)
  socket.send(JSON.stringify({ type: 'media.update', payload: { cam } }))
}

const mediaChanged = Buffer.from('{"type":"media.changed"')
export const isMediaChanged = (data: Buffer): boolean => data.subarray(0, mediaChanged.length).equals(mediaChanged)
