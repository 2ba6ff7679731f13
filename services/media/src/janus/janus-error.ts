/** Janus refused a request; the code is its own, such as 458 (no such session) or, of the VideoRoom, 426 (no such room). */
export class JanusError extends Error {
  readonly code: number

  constructor(code: number, reason: string) {
    super(`Janus refused (${code}): ${reason}`)
    this.name = 'JanusError'
    this.code = code
  }
}

/** There is no connection to Janus, or it did not answer in time. */
export class JanusAwayError extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.name = 'JanusAwayError'
  }
}

/** Codes of the VideoRoom that callers tell apart. Source: `janus_videoroom.c`. */
export const videoRoomCodes = { noSuchRoom: 426, roomExists: 427, noSuchFeed: 428, idExists: 436 } as const

export const isJanusError = (error: unknown, code: number): error is JanusError =>
  error instanceof JanusError && error.code === code
