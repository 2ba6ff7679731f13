import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { StoredFile } from '@parley/contracts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { uploadFile, type UploadDeps, type UploadInput } from './upload.ts'

const partSizeBytes = 1000

/** Takes the bytes as the media service does; `disturb` may answer a part itself. */
class ByteServer {
  readonly server: Server
  stored = Buffer.alloc(0)
  ranges: string[] = []
  disturb: (range: string, response: ServerResponse) => boolean = () => false
  url = ''

  constructor() {
    this.server = createServer((request, response) => void this.#answer(request, response))
  }

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.method === 'HEAD')
      return void response.writeHead(200, { 'upload-offset': String(this.stored.length) }).end()
    const range = request.headers['content-range'] ?? ''
    this.ranges.push(range)
    if (this.disturb(range, response)) return
    const from = Number(/bytes (\d+)-/.exec(range)?.[1])
    this.stored = Buffer.concat([this.stored.subarray(0, from), ...chunks])
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  }
}

let server: ByteServer
let looks: number
beforeEach(async () => {
  server = new ByteServer()
  looks = 0
  await server.start()
})
afterEach(() => {
  server.server.closeAllConnections()
  server.server.close()
})

const stored = (status: StoredFile['status']): StoredFile => ({
  id: 'file',
  purpose: 'attachment',
  name: 'a.bin',
  sizeBytes: 2500,
  contentType: 'application/octet-stream',
  status,
  createdAt: '2026-01-01T00:00:00.000Z',
})
const bytes = Buffer.from(Array.from({ length: 2500 }, (_, index) => index % 251))

function upload(input: Partial<UploadInput> = {}, settledAfter = 1) {
  const deps: UploadDeps = {
    create: (asked) => {
      expect(asked).toMatchObject({ name: 'a.bin', sizeBytes: 2500, contentType: 'application/octet-stream' })
      return Promise.resolve({
        file: stored('uploading'),
        upload: { url: '/up', method: 'PUT', headers: {}, partSizeBytes },
      })
    },
    complete: () => Promise.resolve(stored(++looks >= settledAfter ? 'ready' : 'uploading')),
    fetch: (url, init) => fetch(url, init),
    url: server.url,
    tokens: { current: () => Promise.resolve('token'), renew: () => Promise.resolve('token') },
    backoff: { baseMs: 1, maxMs: 5 },
  }
  return uploadFile(deps, { file: new Blob([bytes]), name: 'a.bin', purpose: 'attachment', ...input })
}

describe('F1 an upload', () => {
  test('goes in parts that say where they belong, with progress', async () => {
    const progress: number[] = []
    const file = await upload({ onProgress: (sent) => progress.push(sent) })
    expect(file.status).toBe('ready')
    expect(server.ranges).toEqual(['bytes 0-999/2500', 'bytes 1000-1999/2500', 'bytes 2000-2499/2500'])
    expect(progress).toEqual([1000, 2000, 2500])
    expect(server.stored.equals(bytes)).toBe(true)
  })

  test('a part whose answer was lost goes on from where the server is, and one that was lost is sent again', async () => {
    const lost = new Set(['bytes 1000-1999/2500'])
    server.disturb = (range, response) => {
      if (!lost.delete(range)) return false
      response.destroy()
      return true
    }
    expect((await upload()).status).toBe('ready')
    expect(server.ranges.filter((range) => range === 'bytes 1000-1999/2500')).toHaveLength(2)
    expect(server.stored.equals(bytes)).toBe(true)
  })

  test('a refusal ends it with the problem of the server', async () => {
    server.disturb = (_range, response) => {
      const problem = { type: 'x', title: 'Too large', status: 413, detail: 'no', code: 'too-large', retryable: false }
      response.writeHead(413, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
      return true
    }
    await expect(upload()).rejects.toMatchObject({ problem: { code: 'too-large' } })
    expect(server.ranges).toHaveLength(1)
  })

  test('asks again while the server still looks at it', async () => {
    expect((await upload({}, 2)).status).toBe('ready')
    expect(looks).toBe(2)
  })

  test('ends with the reason of the signal', async () => {
    const abort = new AbortController()
    server.disturb = (_range, response) => {
      abort.abort(new Error('enough'))
      response.destroy()
      return true
    }
    await expect(upload({ signal: abort.signal })).rejects.toThrow('enough')
  })
})
