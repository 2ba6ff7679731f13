import { once } from 'node:events'
import WebSocket from 'ws'
import type { MatrixUser } from './users.ts'

interface Message {
  type: string
  requestId?: string
  payload?: Record<string, unknown>
}

/** A socket in a meeting or in its lobby. */
export interface Seat {
  /** The answer to `room.join`. */
  answer: Message
  leave(): Promise<void>
  close(): void
}

const answerWithinMs = 8_000

/** Opens a socket and goes in with a room token, or waits in the lobby. */
export async function takeSeat(url: string, person: MatrixUser, roomToken: string): Promise<Seat> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, ['parley.v1', `bearer.${person.token}`])
  await once(socket, 'open', { signal: AbortSignal.timeout(answerWithinMs) })
  // The end of a test cuts what is left; whoever waits for an answer has a deadline of their own.
  socket.on('error', () => socket.terminate())
  socket.on('message', (data) => {
    if (read(data).type === 'ping') socket.send(JSON.stringify({ type: 'pong' }))
  })
  const answer = await ask(socket, 'room.join', { roomToken, device: { mic: true, cam: true } })
  if (answer.type === 'error') throw new Error(`${person.name} was not let in: ${JSON.stringify(answer.payload)}`)
  return {
    answer,
    async leave() {
      await ask(socket, 'room.leave', {})
      socket.close(1000)
    },
    close: () => socket.terminate(),
  }
}

/** The message that carries the id of the request; several may come in one read of the socket. */
function ask(socket: WebSocket, type: string, payload: object): Promise<Message> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(deadline)
      socket.off('message', hear)
      socket.off('close', fail)
    }
    const fail = () => {
      end()
      reject(new Error(`no answer to ${type}`))
    }
    const hear = (data: WebSocket.RawData) => {
      const message = read(data)
      if (message.requestId !== type) return
      end()
      resolve(message)
    }
    const deadline = setTimeout(fail, answerWithinMs)
    socket.on('message', hear).on('close', fail)
    socket.send(JSON.stringify({ type, requestId: type, payload }))
  })
}

const read = (data: WebSocket.RawData): Message => JSON.parse(String(data)) as Message
