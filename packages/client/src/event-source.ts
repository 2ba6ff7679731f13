import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { exchangeStream, type HttpRequest } from './http.ts'
import { localProblem, ParleyError } from './problem.ts'
import type { TokenSource } from './rest.ts'
import { backoffMs, laterIfAlive, pause, type Backoff } from './time.ts'

/** One event of a stream; `id` is where to go on after it. */
export interface RawEvent {
  id: string
  type: string
  data: unknown
}

export interface EventSourceDeps {
  fetch: typeof globalThis.fetch
  tokens: TokenSource
  backoff?: Backoff
  /** The server sends something at least every 15 s; without anything for so long the connection is taken for lost. */
  silentMs?: number
}

const usualBackoff: Backoff = { baseMs: 500, maxMs: 10_000 }
const usualSilentMs = 40_000
const maxEventChars = 4_194_304

/**
 * The events of a stream, over as many connections as it takes: each goes on after the last event of the one before. Ends when
 * the server says that there is nothing more (204) or `signal` is aborted; rejects with a ParleyError when it is refused for good.
 */
export async function* readEvents(
  deps: EventSourceDeps,
  request: HttpRequest,
  { signal, lastEventId }: { signal?: AbortSignal; lastEventId?: string },
): AsyncGenerator<RawEvent, void, void> {
  const { maxMs, baseMs } = deps.backoff ?? usualBackoff
  const place = { lastEventId: lastEventId ?? '', retryMs: baseMs }
  for (let attempt = 1; !isAborted(signal); attempt += 1) {
    let waitMs = 0
    try {
      for await (const event of connect(deps, request, { place, signal })) {
        attempt = 0
        if (event === 'over') return
        yield event
      }
    } catch (error) {
      if (isAborted(signal)) return
      if (!(error instanceof ParleyError) || !error.problem.retryable) throw error
      waitMs = error.problem.retryAfterMs ?? 0
    }
    await pause(waitMs + backoffMs(Math.max(attempt, 1), { baseMs: place.retryMs, maxMs }), signal)
  }
}

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true

interface StreamPosition {
  lastEventId: string
  retryMs: number
}

/** One connection, to its end. Where it stands is kept in `place`. */
async function* connect(
  deps: EventSourceDeps,
  request: HttpRequest,
  { place, signal }: { place: StreamPosition; signal: AbortSignal | undefined },
): AsyncGenerator<RawEvent | 'over', void, void> {
  const silence = watchSilence(deps.silentMs ?? usualSilentMs)
  const ending = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal
  try {
    const body = await open(deps, request, { place, ending })
    if (body === null) {
      yield 'over'
      return
    }
    yield* parse(body, place, silence.heard)
  } catch (error) {
    if (error instanceof ParleyError || isAborted(signal)) throw error
    // The connection was lost in the middle; what follows is asked for on the next.
  } finally {
    silence.stop()
  }
}

/** Opens it with a token, and once more with a new one where that is refused. */
async function open(
  { fetch, tokens }: EventSourceDeps,
  request: HttpRequest,
  { place, ending }: { place: StreamPosition; ending: AbortSignal },
): Promise<ReadableStream<Uint8Array> | null> {
  const send = (token: string) => {
    const headers: Record<string, string> = {
      ...request.headers,
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
    }
    if (place.lastEventId !== '') headers['last-event-id'] = place.lastEventId
    return exchangeStream({ ...request, headers }, fetch, ending)
  }
  const token = await tokens.current()
  try {
    return await send(token)
  } catch (error) {
    if (!(error instanceof ParleyError) || error.problem.status !== 401) throw error
    return await send(await tokens.renew(token))
  }
}

async function* parse(
  body: ReadableStream<Uint8Array>,
  place: StreamPosition,
  heard: () => void,
): AsyncGenerator<RawEvent, void, void> {
  const messages: EventSourceMessage[] = []
  const parser = createParser({
    onEvent: (message) => messages.push(message),
    onRetry: (ms) => (place.retryMs = ms),
    maxBufferSize: maxEventChars,
  })
  const decoder = new TextDecoder()
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    heard()
    parser.feed(decoder.decode(value, { stream: true }))
    for (const { id, event = 'message', data } of messages.splice(0)) {
      place.lastEventId = id ?? place.lastEventId
      yield { id: place.lastEventId, type: event, data: parsed(data) }
    }
  }
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch (error) {
    const problem = localProblem('internal', 'The data of an event is not JSON; is this the URL of a Parley gateway?')
    throw new ParleyError({ ...problem, retryable: false }, { cause: error })
  }
}

/** Aborts when nothing is heard for too long. */
function watchSilence(ms: number) {
  const controller = new AbortController()
  const begin = () => laterIfAlive(ms, () => controller.abort())
  let stop = begin()
  return {
    signal: controller.signal,
    heard() {
      stop()
      stop = begin()
    },
    /** Also lets go of the connection, if there still is one. */
    stop() {
      stop()
      controller.abort()
    },
  }
}
