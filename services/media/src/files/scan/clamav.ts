import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { createSemaphore, isProblem, ProblemError } from '@parley/kit'
import { FileRefusedError } from '../refused.ts'
import type { Scanner } from './scanner.ts'

/** clamd has about ten threads. */
const limits = { running: 4, waiting: 200, waitMs: 120_000, full: 'Too many files wait for the virus scanner' }
const silentMs = 60_000
const chunkBytes = 64 * 1024

/** ClamAV by TCP: the command INSTREAM of clamd(8). A file that is longer than its StreamMaxLength is refused. */
export function createClamav(url: string): Scanner {
  const { hostname, port } = new URL(url)
  const pass = createSemaphore(limits)
  return { checkOrThrow: (bytes) => pass(() => scan({ host: hostname, port: Number(port) }, bytes)) }
}

async function scan(at: { host: string; port: number }, bytes: Readable): Promise<void> {
  const socket = connect(at)
  socket.setTimeout(silentMs, () => socket.destroy(new Error('clamd is silent')))
  let said = ''
  socket.setEncoding('latin1').on('data', (text: string) => (said += text))
  const closed = new Promise<Error | null>((resolve) => {
    let failure: Error | null = null
    socket.on('error', (error) => (failure ??= error)).once('close', () => resolve(failure))
  })
  try {
    await once(socket, 'connect')
    await send(socket, bytes)
    const failure = await closed
    checkScanAnswerOrThrow(said, failure)
  } catch (error) {
    if (error instanceof FileRefusedError || isProblem(error)) throw error
    // It closes when the stream becomes too long for it, and says so first.
    const failure = await closed
    checkScanAnswerOrThrow(said, failure ?? (error instanceof Error ? error : new Error(String(error))))
  } finally {
    bytes.destroy()
    socket.destroy()
  }
}

/** Stops early when the other side has said something: it does before the end only to refuse the rest. */
async function send(socket: Socket, bytes: Readable): Promise<void> {
  const write = async (part: Buffer): Promise<void> => {
    if (!socket.write(part)) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
    // Its answer must be read before a write fails, for that ends the reading too.
    await setImmediate()
  }
  await write(Buffer.from('zINSTREAM\0'))
  for await (const chunk of bytes as AsyncIterable<Buffer>)
    for (let at = 0; at < chunk.length; at += chunkBytes) {
      if (socket.destroyed || socket.bytesRead > 0) return
      const part = chunk.subarray(at, at + chunkBytes)
      await write(Buffer.concat([lengthOf(part.length), part]))
    }
  if (socket.bytesRead === 0) await write(lengthOf(0))
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(length)
  return bytes
}

/** `stream: OK`, `stream: <name> FOUND`, or a sentence that ends with ERROR. */
function checkScanAnswerOrThrow(answer: string, failure: Error | null): void {
  const said = answer.replaceAll('\0', '').trim()
  if (said === 'stream: OK') return
  const found = /^stream: (.{1,200}) FOUND$/.exec(said)
  if (found !== null) throw new FileRefusedError(`The virus scanner found ${found[1]}`)
  if (/size limit exceeded/i.test(said)) throw new FileRefusedError('The file is too large for the virus scanner')
  throw away(failure ?? new Error(said.slice(0, 200)))
}

const away = (cause: unknown): ProblemError =>
  new ProblemError('unavailable', 'The virus scanner cannot look at the file now', { retryAfterMs: 5_000 }, { cause })
