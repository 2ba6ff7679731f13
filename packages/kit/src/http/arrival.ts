import type { IncomingMessage } from 'node:http'
import type { HttpServer } from './server.ts'

const waits = new WeakMap<IncomingMessage, (idleMs: number) => void>()

/**
 * A body must have arrived within `totalMs` after its headers, or its connection ends as Node ends it after its own
 * `requestTimeout`. That one cannot be another for a single request; this one can.
 */
export function limitArrival(app: HttpServer, totalMs: number): void {
  app.server.prependListener('request', (request: IncomingMessage) => {
    if (!hasBody(request)) return
    const { socket } = request
    let [waitMs, mayGoOn, seen] = [totalMs, false, socket.bytesRead]
    const look = (): void => {
      if (request.complete || request.destroyed) return
      // Data that is here and not read is our own delay.
      const goesOn = request.readableLength > 0 || (mayGoOn && socket.bytesRead > seen)
      if (!goesOn) return void app.server.emit('clientError', timedOut(), socket)
      seen = socket.bytesRead
      timer = setTimeout(look, waitMs)
    }
    let timer = setTimeout(look, waitMs)
    const over = (): void => clearTimeout(timer)
    request.once('end', over).once('close', over)
    waits.set(request, (idleMs) => {
      waitMs = idleMs
      mayGoOn = true
    })
  })
}

/** From now on a body may take as long as it wants, while some of it comes at least every `idleMs`. */
export const mayTakeLong = (request: IncomingMessage, idleMs: number): void => waits.get(request)?.(idleMs)

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

const timedOut = (): Error => Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
