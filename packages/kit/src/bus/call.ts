/** The facts about its caller that a request carries, so that a responder keeps to the caller's deadline. */
export interface CallStamp {
  /** A random id of the calling process. */
  caller: string
  /** By the caller's monotonic clock, ms. */
  sentAt: number
  timeoutMs: number
}

/** One request as its responder sees it. */
export interface Call {
  /** When the caller stops waiting, by this process's `performance.now()`; never, if the caller did not say. */
  readonly deadline: number
}

/**
 * Whether the caller has given the request up: it may have been repeated, done elsewhere and undone since. A handler that takes
 * long asks once more right before it commits.
 */
export const isLate = ({ deadline }: Call): boolean => performance.now() > deadline

export const writeStamp = ({ caller, sentAt, timeoutMs }: CallStamp): string =>
  `${caller} ${Math.floor(sentAt)} ${Math.ceil(timeoutMs)}`

const shape = /^([\w-]{1,64}) (\d{1,15}) (\d{1,9})$/

/** Null where there is none, as from an older release. */
export function readStamp(text: string | undefined): CallStamp | null {
  const [, caller, sentAt, timeoutMs] = shape.exec(text ?? '') ?? []
  return caller === undefined ? null : { caller, sentAt: Number(sentAt), timeoutMs: Number(timeoutMs) }
}
