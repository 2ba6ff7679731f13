import type { Readable } from 'node:stream'

/**
 * Where the bytes of files are: a folder, or a bucket of an S3-compatible store. A key is written once and never changed; nothing of
 * an object shows before all of it is there. While the storage is away or full every call rejects with the problem `unavailable`.
 */
export interface Objects {
  /** Stores a whole object. With `sizeBytes` it rejects with SizeMismatchError, storing nothing, when as many did not come. */
  put(key: string, body: Readable | Buffer, options: PutOptions): Promise<void>
  /** Both ends of `range` are inclusive. The caller reads or destroys the body. @throws ObjectNotFoundError */
  get(key: string, range?: ByteRange): Promise<{ body: Readable; sizeBytes: number }>
  head(key: string): Promise<{ sizeBytes: number } | null>
  /** Of one that is not there: nothing. */
  delete(key: string): Promise<void>
  /** Keys that begin with `prefix` and sort behind `after`, in order, at most 1,000; `more`: there are others behind them. */
  list(prefix: string, after?: string): Promise<{ keys: ListedObject[]; more: boolean }>
  /** Begins an object that comes in parts, which survive a restart. */
  multipart(key: string, options: { contentType: string }): Promise<Multipart>
  /** One that was begun before, by its id. */
  resume(key: string, id: string): Multipart
  /** A link to the object that is good for so long without any other right; a folder has none. */
  signedUrl?(key: string, options: { seconds: number; fileName?: string }): Promise<string>
  /** Whether objects can be stored and read now; never rejects. */
  reachable(): Promise<boolean>
  close(): void
}

interface PutOptions {
  contentType: string
  /** Of the object. S3 needs it for a stream. */
  sizeBytes?: number
  signal?: AbortSignal
}

export interface ByteRange {
  from: number
  to: number
}

export interface ListedObject {
  key: string
  sizeBytes: number
  /** Milliseconds since 1970. */
  modifiedAt: number
}

export interface Part {
  /** From 1; they make the object in this order. */
  number: number
  sizeBytes: number
}

/**
 * An object on its way, in parts that come in any order and may come again: the last that came whole counts. S3 wants at
 * least 5 MiB in each but the last, and at most 10,000 parts.
 */
export interface Multipart {
  readonly id: string
  /** Rejects with SizeMismatchError, and stores nothing, when not `sizeBytes` came. */
  put(number: number, body: Readable | Buffer, options: { sizeBytes: number; signal?: AbortSignal }): Promise<void>
  /** Those that are there, by number. @throws ObjectNotFoundError once it was completed or aborted */
  parts(): Promise<Part[]>
  /** Makes the object of all parts. Again: nothing. A part that comes later is lost. @throws ObjectNotFoundError after an abort */
  complete(): Promise<void>
  /** Again, or once it was completed: nothing. */
  abort(): Promise<void>
}

/** There is no object of that key, or no such upload. */
export class ObjectNotFoundError extends Error {
  constructor(key: string, options?: ErrorOptions) {
    super(`No object ${key}`, options)
    this.name = 'ObjectNotFoundError'
  }
}

/** Fewer or more bytes came than were announced. */
export class SizeMismatchError extends Error {
  constructor(expected: number, options?: ErrorOptions) {
    super(`Not the ${expected} bytes that were announced`, options)
    this.name = 'SizeMismatchError'
  }
}

const keyPattern = /^[a-z0-9][a-z0-9_.-]*(?:\/[a-z0-9][a-z0-9_.-]*)*$/
const maxKeyLength = 500

/** Keys are made by us, of ids: anything else is a mistake. @throws Error */
export function checkKeyOrThrow(key: string): void {
  if (key.length > maxKeyLength || !keyPattern.test(key))
    throw new Error(`Not a key of an object: ${key.slice(0, 100)}`)
}
