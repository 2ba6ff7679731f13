/** The record of a fetch that cuts event streams. */
export interface CuttingFetch {
  fetch: typeof globalThis.fetch
  /** Streams that were opened, and those that were cut in the middle. */
  readonly opened: number
  readonly cuts: number
  /** From now on streams are left alone; those that are open go on. */
  spare(): void
}

export interface CutOptions {
  random: () => number
  /** A stream is cut after a random number of bytes below this. */
  maxBytes: number
  /** Each request goes to one of these at random, whatever it was meant for. */
  origins: readonly string[]
}

/** Cuts the connection of event streams at random places, also in the middle of an event; all else goes through. */
export function createCuttingFetch({ random, maxBytes, origins }: CutOptions): CuttingFetch {
  const done = { opened: 0, cuts: 0, spared: false }
  const through: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const origin = origins[Math.floor(random() * origins.length)] ?? url.origin
    const connection = new AbortController()
    const signal = init?.signal ? AbortSignal.any([init.signal, connection.signal]) : connection.signal
    const response = await fetch(`${origin}${url.pathname}${url.search}`, { ...init, signal })
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
    if (!isStream || response.body === null) return response
    done.opened += 1
    let left = Math.ceil(random() * maxBytes)
    const cutting = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        if (done.spared || chunk.length < left) {
          left -= chunk.length
          return controller.enqueue(chunk)
        }
        done.cuts += 1
        controller.enqueue(chunk.slice(0, left))
        // As a proxy that ends it, or as a connection that is lost with what was on its way.
        if (random() < 0.5) controller.terminate()
        else controller.error(new Error('cut'))
        connection.abort()
      },
    })
    return new Response(response.body.pipeThrough(cutting), { status: response.status, headers: response.headers })
  }
  return {
    fetch: through,
    get opened() {
      return done.opened
    },
    get cuts() {
      return done.cuts
    },
    spare: () => void (done.spared = true),
  }
}
