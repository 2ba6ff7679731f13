import type { ServerResponse } from 'node:http'
import { ProblemError } from '@parley/kit'
import type { Dispatcher, Pool } from 'undici'

type Controller = Dispatcher.DispatchController
type AnswerHead = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2]

/**
 * `answered`: the client got an answer, or what there was of it, or has gone. `failed`: it got no byte; `sent` tells
 * whether the service may have seen anything of the request.
 */
export type Outcome = { kind: 'answered' } | { kind: 'failed'; error: Error; sent: boolean }

export interface Client {
  response: ServerResponse
  /** Writes status and headers to `response`; called once, when the service has begun its answer. */
  begin(status: number, headers: AnswerHead): void
  /** Ends an answer that has no end of its own. */
  ending?: AbortSignal
}

/** Sends one request to one service. The answer goes to the client as it comes, no faster than the client reads. */
export const exchange = (pool: Pool, request: Dispatcher.DispatchOptions, client: Client): Promise<Outcome> =>
  new Promise((resolve) => {
    const handler = new Exchange(client, resolve)
    try {
      pool.dispatch(request, handler)
    } catch (error) {
      handler.onResponseError(null, error instanceof Error ? error : new Error(String(error)))
    }
  })

class Exchange implements Dispatcher.DispatchHandler {
  readonly #client: Client
  readonly #resolve: (outcome: Outcome) => void
  #controller: Controller | null = null
  #begun = false
  #over = false

  constructor(client: Client, resolve: (outcome: Outcome) => void) {
    this.#client = client
    this.#resolve = resolve
    client.response.once('close', this.#onGone)
    client.ending?.addEventListener('abort', this.#onEnding)
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.#over) controller.abort(new Error('nobody waits for the answer'))
  }

  onResponseStart(_controller: Controller, status: number, headers: AnswerHead): void {
    if (status < 200 || this.#over) return
    this.#begun = true
    this.#client.begin(status, headers)
    this.#client.response.on('drain', this.#onDrain)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (!this.#over && !this.#client.response.write(chunk)) controller.pause()
  }

  onResponseEnd(): void {
    if (this.#over) return
    this.#client.response.end()
    this.#finish({ kind: 'answered' })
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    if (this.#over) return
    // Half an answer cannot be mended: a cut connection tells the client that it is not whole.
    if (this.#begun) this.#client.response.destroy()
    this.#finish(this.#begun ? { kind: 'answered' } : { kind: 'failed', error, sent: this.#controller !== null })
  }

  readonly #onDrain = (): void => this.#controller?.resume()

  readonly #onGone = (): void => {
    this.#finish({ kind: 'answered' })
    this.#controller?.abort(new Error('the client has gone'))
  }

  readonly #onEnding = (): void => {
    const error = new ProblemError('unavailable', 'This gateway is going away')
    if (this.#begun) this.#client.response.end()
    this.#finish(this.#begun ? { kind: 'answered' } : { kind: 'failed', error, sent: true })
    this.#controller?.abort(error)
  }

  #finish(outcome: Outcome): void {
    if (this.#over) return
    this.#over = true
    this.#client.ending?.removeEventListener('abort', this.#onEnding)
    this.#client.response.off('close', this.#onGone).off('drain', this.#onDrain)
    this.#resolve(outcome)
  }
}
