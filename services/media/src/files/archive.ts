import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Objects } from '@parley/kit'
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry } from 'yauzl'
import { FileRefusedError } from './refused.ts'

/** Sizes are as the archive says; unpackers refuse one that lies. */
const maxEntries = 10_000
const maxRatio = 100
/** Small archives pack well without harm. */
const freeBytes = 1024 * 1024
const maxUnpackedBytes = 10 * 1024 ** 3
const inner = /\.(?:zip|7z|rar|gz|tgz|bz2|xz|zst|lz4|tar|jar|cab|arj|lzh|iso)$/i

const office: Readonly<Record<string, RegExp>> = {
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': /^word\//,
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': /^xl\//,
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': /^ppt\//,
}

/**
 * Reads the directory of a zip, without unpacking anything.
 * @returns the type it is: of an office document, or of a plain archive
 * @throws FileRefusedError for one that unpacks to far more than it is, that holds other archives, or that is damaged
 */
export async function readArchive(objects: Objects, key: string, sizeBytes: number): Promise<string> {
  const names: string[] = []
  let unpacked = 0
  for await (const { fileName, uncompressedSize } of entriesOf(objects, key, sizeBytes)) {
    names.push(fileName)
    unpacked += uncompressedSize
    if (names.length > maxEntries) throw new FileRefusedError(`The archive has more than ${maxEntries} entries`)
    if (unpacked > maxUnpackedBytes || (unpacked > freeBytes && unpacked > maxRatio * sizeBytes))
      throw new FileRefusedError('The archive unpacks to far more than it is')
    if (inner.test(fileName)) throw new FileRefusedError('The archive holds other archives')
  }
  const kind = Object.entries(office).find(([, folder]) => names.some((name) => folder.test(name)))
  return kind !== undefined && names.includes('[Content_Types].xml') ? kind[0] : 'application/zip'
}

async function* entriesOf(objects: Objects, key: string, sizeBytes: number): AsyncGenerator<Entry> {
  const reader = new ObjectReader(objects, key, sizeBytes)
  try {
    const zip = await fromRandomAccessReaderPromise(reader, sizeBytes, { lazyEntries: true })
    yield* zip.eachEntry()
  } catch (error) {
    // A fault of the storage is not the file's fault.
    if (reader.failure !== null) throw reader.failure
    if (error instanceof FileRefusedError) throw error
    throw new FileRefusedError('The archive is damaged, or holds names that lead out of it')
  }
}

const windowBytes = 256 * 1024

/** Reads an object a large piece at a time, for a reader that asks for a few bytes each time. */
class ObjectReader extends RandomAccessReader {
  failure: unknown = null
  readonly #objects: Objects
  readonly #key: string
  readonly #sizeBytes: number
  #window: { from: number; bytes: Buffer } = { from: 0, bytes: Buffer.alloc(0) }

  constructor(objects: Objects, key: string, sizeBytes: number) {
    super()
    this.#objects = objects
    this.#key = key
    this.#sizeBytes = sizeBytes
  }

  override _readStreamForRange(): Readable {
    throw new Error('Nothing is unpacked')
  }

  override read(...asked: Parameters<RandomAccessReader['read']>): void {
    void this.#answer(asked)
  }

  async #answer([target, offset, length, position, done]: Parameters<RandomAccessReader['read']>): Promise<void> {
    done(await this.#readInto(target.subarray(offset), position, length))
  }

  /** Null, or why not: as a callback of Node has it. */
  async #readInto(target: Buffer, position: number, length: number): Promise<Error | null> {
    try {
      ;(await this.#pieceAt(position, length)).copy(target)
      return null
    } catch (error) {
      this.failure = error
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  async #pieceAt(from: number, length: number): Promise<Buffer> {
    const at = from - this.#window.from
    if (at >= 0 && at + length <= this.#window.bytes.length) return this.#window.bytes.subarray(at, at + length)
    const to = Math.min(this.#sizeBytes, from + Math.max(length, windowBytes)) - 1
    const { body } = await this.#objects.get(this.#key, { from, to })
    this.#window = { from, bytes: await buffer(body) }
    return this.#window.bytes.subarray(0, length)
  }
}
