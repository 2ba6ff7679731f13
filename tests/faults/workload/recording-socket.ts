import { WebSocket } from 'ws'
import { now, type Request } from '../history/history.ts'
import type { Frame, Recorder } from '../history/recorder.ts'

export interface RecordingOptions {
  client: string
  recorder: Recorder
  /** Instead of the hint in the URL: which node of signaling one gets; undefined leaves it as it is. */
  hint?: () => string | undefined
}

/** The WebSockets of one client: everything on them is recorded. */
export interface RecordedSockets {
  /** For `createParley({ WebSocket })`. */
  readonly WebSocket: typeof globalThis.WebSocket
  /** Sends a request that the SDK does not know of on the socket in use; false when there is none. */
  inject(type: string, payload: unknown): boolean
  /** Every socket that is open or opening. */
  readonly open: ReadonlySet<WebSocket>
}

const refusal = /^Unexpected server response: (\d+)$/

const injected = 'injected-'

export function recordedSockets({ client, recorder, hint }: RecordingOptions): RecordedSockets {
  const open = new Set<WebSocket>()
  let count = 0

  class Recorded extends WebSocket {
    readonly #waiting = new Map<string, Request>()

    constructor(url: string, protocols: string[]) {
      super(withHint(url, hint?.()), protocols, { perMessageDeflate: false, handshakeTimeout: 10_000 })
      open.add(this)
      this.on('message', (data) => this.#heard(JSON.parse(String(data)) as Frame))
      const at = now()
      this.on('error', ({ message }) => {
        const status = Number(refusal.exec(message)?.[1] ?? 0)
        recorder.http.push({ client, route: 'WebSocket', status, at, ms: now() - at })
      })
      this.on('close', () => {
        open.delete(this)
        this.#over()
      })
    }

    override send(data: string): void {
      const { type, requestId } = JSON.parse(data) as Frame
      if (requestId !== undefined) {
        const request: Request = { client, type, at: now(), end: null }
        this.#waiting.set(requestId, request)
        recorder.requests.push(request)
      }
      super.send(data)
    }

    override close(code?: number, reason?: string): void {
      this.#over()
      super.close(code, reason)
    }

    /** Answers to what we injected are not the SDK's concern. */
    override addEventListener(type: never, listener: never): void {
      const deliver = listener as (event: { data: unknown }) => void
      const filtered = (event: { data: unknown }) => {
        if (typeof event.data !== 'string' || !event.data.includes(`"requestId":"${injected}`)) deliver(event)
      }
      super.addEventListener(type, (type === 'message' ? filtered : listener) as never)
    }

    #heard(frame: Frame): void {
      const request = frame.requestId === undefined ? undefined : this.#waiting.get(frame.requestId)
      if (request !== undefined && frame.requestId !== undefined) {
        this.#waiting.delete(frame.requestId)
        const refused = frame.type === 'error'
        const code = frame.payload?.['code']
        request.end = {
          at: now(),
          how: refused ? 'refused' : 'answered',
          ...(typeof code === 'string' && refused && { code }),
        }
      }
      recorder.frameIn(client, frame, this)
    }

    #over(): void {
      for (const request of this.#waiting.values()) request.end = { at: now(), how: 'closed' }
      this.#waiting.clear()
    }
  }
  return {
    WebSocket: Recorded as unknown as typeof globalThis.WebSocket,
    open,
    inject(type, payload) {
      const socket = [...open].findLast(({ readyState }) => readyState === WebSocket.OPEN)
      if (socket === undefined) return false
      count += 1
      socket.send(JSON.stringify({ type, requestId: `${injected}${count}`, payload }))
      return true
    },
  }
}

function withHint(url: string, hint: string | undefined): string {
  if (hint === undefined) return url
  const changed = new URL(url)
  changed.searchParams.set('meeting', hint)
  return changed.href
}
