import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { createGate, ProblemError } from '@parley/kit'
import { FileRefusedError } from '../refused.ts'
import type { Scanner } from './scanner.ts'

/** clamd has about ten threads. */
const limits = { running: 4, waiting: 200, waitMs: 120_000, full: 'Too many files wait for the virus scanner' }
const silentMs = 60_000
const chunkBytes = 64 * 1024

/** ClamAV by TCP: the command INSTREAM of clamd(8). A file that is longer than its StreamMaxLength is refused. */
export function createClamav(url: string): Scanner {
  const { hostname, port } = new URL(url)
  const pass = createGate(limits)
  return { checkOrThrow: (bytes) => pass(() => scan({ host: hostname, port: Number(port) }, bytes)) }
}

async function scan(at: { host: string; port: number }, bytes: Readable): Promise<void> {
  const socket = connect(at)
  socket.setTimeout(silentMs, () => socket.destroy(new Error('clamd is silent')))
  const answer = text(socket)
  // Looked at below, once all is sent; until then it must not count as unhandled.
  answer.catch(() => undefined)
  try {
    await once(socket, 'connect')
    await send(socket, bytes)
  } catch (error) {
    bytes.destroy()
    // It closes when the stream becomes too long for it, and says so first.
    const said = await answer.catch(() => '')
    if (said === '') throw away(error)
  }
  judge(await answer.catch((error: unknown) => Promise.reject(away(error))))
}

async function send(socket: Socket, bytes: Readable): Promise<void> {
  const write = async (part: Buffer): Promise<void> => {
    if (!socket.write(part)) await once(socket, 'drain')
  }
  await write(Buffer.from('zINSTREAM\0'))
  for await (const chunk of bytes as AsyncIterable<Buffer>)
    for (let at = 0; at < chunk.length; at += chunkBytes) {
      const part = chunk.subarray(at, at + chunkBytes)
      await write(Buffer.concat([lengthOf(part.length), part]))
    }
  await write(lengthOf(0))
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(length)
  return bytes
}

/** `stream: OK`, `stream: <name> FOUND`, or a sentence that ends with ERROR. */
function judge(answer: string): void {
  const said = answer.replaceAll('\0', '').trim()
  if (said === 'stream: OK') return
  const found = /^stream: (.{1,200}) FOUND$/.exec(said)
  if (found !== null) throw new FileRefusedError(`The virus scanner found ${found[1]}`)
  if (/size limit exceeded/i.test(said)) throw new FileRefusedError('The file is too large for the virus scanner')
  throw away(new Error(said.slice(0, 200)))
}

const away = (cause: unknown): ProblemError =>
  new ProblemError('unavailable', 'The virus scanner cannot look at the file now', { retryAfterMs: 5_000 }, { cause })
