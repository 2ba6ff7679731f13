import { randomBytes } from 'node:crypto'
import type { Meeting } from '@parley/contracts'
import { eventually, startSwift, type RunningSwift } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { anAccount, callOrThrow, createMeeting, type Account } from '../support/accounts.ts'
import { announce, announced, complete, content, send, upload } from '../support/files.ts'
import { rest } from '../support/people.ts'
import { pngOf } from '../support/png.ts'
import { startEmbedded, type Embedded } from '../support/product.ts'

describe('files in an S3 store that checks signatures', () => {
  let swift: RunningSwift
  let product: Embedded
  let url: string
  let ada: Account
  let meeting: Meeting
  beforeAll(async () => {
    swift = await startSwift()
    vi.stubEnv('S3_ENDPOINT', swift.endpoint)
    vi.stubEnv('S3_ACCESS_KEY', swift.accessKeyId)
    vi.stubEnv('S3_SECRET_KEY', swift.secretAccessKey)
    product = await startEmbedded()
    url = product.gateways[0] ?? ''
    ada = await anAccount(url, 'Ada')
    meeting = await createMeeting(url, ada)
  }, 120_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    await product.stop()
    await swift.stop()
  }, 60_000)

  it('F1 go up in parts, come back whole and by range, and go', async () => {
    const partBytes = 8 * 1024 * 1024
    const bytes = randomBytes(partBytes + 1_000)
    const made = await announced(url, ada, { meetingId: meeting.id, sizeBytes: bytes.length })
    expect(await send(ada, made, Uint8Array.from(bytes.subarray(partBytes)), partBytes)).toMatchObject({ status: 200 })
    expect(await send(ada, made, Uint8Array.from(bytes.subarray(0, partBytes)), 0)).toMatchObject({ status: 200 })
    expect(await complete(url, ada, made)).toMatchObject({ status: 200, body: { status: 'ready' } })
    const whole = await content(url, ada, made.file.id)
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true)
    const some = await content(url, ada, made.file.id, { range: `bytes=${partBytes - 5}-${partBytes + 4}` })
    expect(Buffer.from(await some.arrayBuffer()).equals(bytes.subarray(partBytes - 5, partBytes + 5))).toBe(true)
    await callOrThrow(ada, 'DELETE', `${url}/v1/files/${made.file.id}`)
    expect((await content(url, ada, made.file.id)).status).toBe(404)
  }, 90_000)

  it('A5 S39 keep avatars as they were made anew, and nothing of what was refused', async () => {
    const wish = { purpose: 'avatar', contentType: 'image/png', name: 'me.png' } as const
    const { id, body } = await upload(url, ada, pngOf(100, 100), wish)
    expect(body).toMatchObject({ status: 'ready', width: 512 })
    expect((await content(url, ada, id)).headers.get('content-type')).toBe('image/webp')
    expect(await upload(url, ada, Buffer.from('<html>'), wish)).toMatchObject({ status: 422 })
  })

  it('F1 O2 say that the storage is away, show nothing half, and go on when it is back', async () => {
    const wish = { meetingId: meeting.id, sizeBytes: 5, contentType: 'text/plain' }
    const before = await announced(url, ada, wish)
    const port = swift.proxy.port
    swift.proxy.kill('SIGKILL')
    const hello = new TextEncoder().encode('hello')
    expect(await announce(url, ada, wish)).toMatchObject({
      status: 503,
      body: { code: 'unavailable', retryable: true },
    })
    expect(await send(ada, before, hello)).toMatchObject({
      status: 503,
      body: { code: 'unavailable', retryable: true },
    })
    expect(await rest('GET', before.upload.url, { token: ada.token })).toMatchObject({ body: { offset: 0 } })
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    await swift.restartProxy()
    expect(swift.proxy.port).toBe(port)
    await eventually(async () => expect(await send(ada, before, hello)).toMatchObject({ status: 200 }), 10_000)
    expect(await complete(url, ada, before)).toMatchObject({ status: 200, body: { status: 'ready' } })
  }, 60_000)
})
