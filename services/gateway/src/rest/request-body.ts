import type { IncomingMessage } from 'node:http'
import { ProblemError } from '@parley/kit'

/** A request's body on its way to a service. */
export interface RequestBody {
  /** Reads it from its beginning, for each attempt anew. */
  read(): AsyncIterable<Buffer>
  /**
   * Lets the rest go by unread, once nobody reads any more: a service may answer before it has the whole body. A reader that stopped
   * in the middle would hold the connection, and with it the next request that a client sends on it.
   */
  discard(): void
}

/**
 * Passes a body on as it arrives and keeps the parts, at most `limit` bytes, for a second attempt.
 * Reading rejects with the problem `too-large` once more than `limit` bytes have come.
 */
export function createRequestBody(source: IncomingMessage, limit: number): RequestBody {
  const parts: Buffer[] = []
  const incoming = source.iterator({ destroyOnReturn: false })
  let size = 0
  let ended = false
  let failure: Error | null = null
  let pulling: Promise<void> | null = null

  async function pull(): Promise<void> {
    try {
      const next = await incoming.next()
      if (next.done === true) {
        ended = true
        return
      }
      const part: Buffer = next.value
      size += part.length
      if (size > limit) throw tooLarge(limit)
      parts.push(part)
    } catch (error) {
      // Kept, so that a second attempt does not take a body that was cut off for a whole one.
      failure = error instanceof Error ? error : new Error(String(error))
    }
  }
  return {
    async *read() {
      for (let index = 0; ; index += 1) {
        // Two attempts may read at one time, the first being in the middle of failing: both wait for the same part.
        while (index >= parts.length && !ended && failure === null)
          await (pulling ??= pull().finally(() => (pulling = null)))
        if (index >= parts.length && failure !== null) throw failure
        const part = parts[index]
        if (part === undefined) return
        yield part
      }
    },
    discard: () => letGo(source, incoming),
  }
}

/** The iterator has to let go first: while it waits for bytes, the stream does not flow. */
function letGo(source: IncomingMessage, incoming: AsyncIterator<Buffer>): void {
  const flow = (): void => void source.resume()
  Promise.resolve(incoming.return?.()).then(flow, flow)
}

/**
 * Passes a body on as it arrives and keeps nothing. It can be read once: a second reading, after some of it was read, rejects
 * with `unavailable`.
 */
export function passRequestBody(source: IncomingMessage, limit: number): RequestBody {
  const incoming: AsyncIterableIterator<Buffer> = source.iterator({ destroyOnReturn: false })
  let touched = false
  return {
    async *read() {
      if (touched) throw new ProblemError('unavailable', 'The service was lost while these bytes came: send them again')
      let size = 0
      for (let next = await incoming.next(); next.done !== true; next = await incoming.next()) {
        const part = next.value
        touched = true
        size += part.length
        if (size > limit) throw tooLarge(limit)
        yield part
      }
    },
    discard: () => letGo(source, incoming),
  }
}

/** The declared length decides before anything is sent on. */
export function checkLengthOrThrow({ headers }: IncomingMessage, limit: number): void {
  if (Number(headers['content-length'] ?? 0) > limit) throw tooLarge(limit)
}

const tooLarge = (limit: number): ProblemError =>
  new ProblemError('too-large', `A body may have at most ${limit} bytes`)
