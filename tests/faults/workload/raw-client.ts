import { randomUUID } from 'node:crypto'
import { WebSocket } from 'ws'
import type { Frame } from '../history/recorder.ts'

const answerMs = 12_000

/** A client that does exactly what it is told, for what the SDK would never do. It answers pings while it reads. */
export class RawClient {
  readonly socket: WebSocket
  /** Hears every frame that is no answer. */
  onFrame: (frame: Frame) => void = () => undefined
  closeCode: number | null = null
  readonly #waiting = new Map<string, (frame: Frame) => void>()

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => this.#heard(JSON.parse(String(data)) as Frame))
    socket.on('error', () => socket.terminate())
    socket.on('close', (code) => (this.closeCode = code))
  }

  /** `url` is that of a gateway; resolves when the socket is open. */
  static async open(url: string, accessToken: string, hint?: string): Promise<RawClient> {
    const address = `${url.replace('http', 'ws')}/v1/ws${hint === undefined ? '' : `?meeting=${hint}`}`
    const socket = new WebSocket(address, ['parley.v1', `bearer.${accessToken}`], { perMessageDeflate: false })
    const client = new RawClient(socket)
    await new Promise((resolve, reject) => socket.once('open', resolve).once('close', reject))
    return client
  }

  /** Resolves to the answer, an `error` too; rejects when there is none within 12 s. */
  request(type: string, payload: unknown): Promise<Frame & { payload: Readonly<Record<string, unknown>> }> {
    const requestId = randomUUID()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${type}`)), answerMs)
      this.#waiting.set(requestId, (frame) => {
        clearTimeout(timer)
        resolve({ payload: {}, ...frame })
      })
      this.socket.send(JSON.stringify({ type, requestId, payload }))
    })
  }

  #heard(frame: Frame): void {
    const answer = frame.requestId === undefined ? undefined : this.#waiting.get(frame.requestId)
    if (answer !== undefined && frame.requestId !== undefined) {
      this.#waiting.delete(frame.requestId)
      return answer(frame)
    }
    if (frame.type === 'ping') this.socket.send('{"type":"pong"}')
    this.onFrame(frame)
  }
}
