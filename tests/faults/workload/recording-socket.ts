import { WebSocket } from 'ws'
import { now, type Request } from '../history/history.ts'
import type { Frame, Recorder } from '../history/recorder.ts'

export interface RecordingOptions {
  client: string
  recorder: Recorder
  /** Instead of the hint in the URL: which node of signaling one gets; undefined leaves it as it is. */
  hint?: () => string | undefined
}

/** The data that takes a session up again on another socket. */
interface RecordedSession {
  sessionId: unknown
  resumeToken: unknown
}

/** The WebSockets of one client: everything on them is recorded. */
export interface RecordedSockets {
  /** For `createParley({ WebSocket })`. */
  readonly WebSocket: typeof globalThis.WebSocket
  /** Sends a request that the SDK does not know of on the socket in use; false when there is none. */
  inject(type: string, payload: unknown): boolean
  /** The same, and resolves to the answer, an `error` too; null when there is none within `patienceMs` or the socket goes. */
  ask(type: string, payload: unknown, patienceMs?: number): Promise<Frame | null>
  /** Of the last stay. */
  readonly session: RecordedSession | null
  /** Every socket that is open or opening. */
  readonly open: ReadonlySet<WebSocket>
}

const refusal = /^Unexpected server response: (\d+)$/

const injected = 'injected-'

const patience = 12_000

export function recordedSockets({ client, recorder, hint }: RecordingOptions): RecordedSockets {
  const open = new Set<WebSocket>()
  const asked = new Map<string, (answer: Frame | null) => void>()
  let session: RecordedSession | null = null
  let count = 0

  class Recorded extends WebSocket {
    readonly #waiting = new Map<string, Request>()

    constructor(url: string, protocols: string[]) {
      super(withHint(url, hint?.()), protocols, {
        perMessageDeflate: false,
        handshakeTimeout: 10_000,
      })
      open.add(this)
      this.on('message', (data) => this.#heard(JSON.parse(String(data)) as Frame))
      const at = now()
      this.on('error', ({ message }) => {
        const status = Number(refusal.exec(message)?.[1] ?? 0)
        recorder.http.push({ client, route: 'WebSocket', status, at, ms: now() - at })
      })
      this.on('close', (code) => {
        recorder.closings.push({ client, code, at: now() })
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
      if (frame.type === 'room.joined' || frame.type === 'room.resumed') session = sessionIn(frame, session)
      recorder.frameIn(client, frame, this)
      asked.get(frame.requestId ?? '')?.(frame)
    }

    #over(): void {
      for (const [requestId, request] of this.#waiting) {
        request.end = { at: now(), how: 'closed' }
        asked.get(requestId)?.(null)
      }
      this.#waiting.clear()
    }
  }
  /** The id of a request that was sent on the newest open socket; null when there is none. */
  function send(type: string, payload: unknown): string | null {
    const socket = [...open].findLast(({ readyState }) => readyState === WebSocket.OPEN)
    if (socket === undefined) return null
    count += 1
    const requestId = `${injected}${count}`
    socket.send(JSON.stringify({ type, requestId, payload }))
    return requestId
  }
  return {
    WebSocket: Recorded as unknown as typeof globalThis.WebSocket,
    open,
    get session() {
      return session
    },
    inject: (type, payload) => send(type, payload) !== null,
    async ask(type, payload, patienceMs = patience) {
      const requestId = send(type, payload)
      if (requestId === null) return null
      const { promise, resolve } = Promise.withResolvers<Frame | null>()
      asked.set(requestId, resolve)
      const timer = setTimeout(() => resolve(null), patienceMs)
      const answer = await promise
      clearTimeout(timer)
      asked.delete(requestId)
      return answer
    },
  }
}

/** `room.resumed` has a new token for the session of before. */
function sessionIn({ payload = {} }: Frame, before: RecordedSession | null): RecordedSession {
  return { sessionId: payload['sessionId'] ?? before?.sessionId, resumeToken: payload['resumeToken'] }
}

function withHint(url: string, hint: string | undefined): string {
  if (hint === undefined) return url
  const changed = new URL(url)
  changed.searchParams.set('meeting', hint)
  return changed.href
}
