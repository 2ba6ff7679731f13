import { randomBytes } from 'node:crypto'
import type { Meeting } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { aGuest, anAccount, callOrThrow, createMeeting, type Account } from '../support/accounts.ts'
import { announce, announced, complete, content, send, upload } from '../support/files.ts'
import { rest } from '../support/people.ts'
import { pngOf } from '../support/png.ts'
import { startEmbedded, type Embedded } from '../support/product.ts'
import { takeSeat, type Seated } from '../support/protocol-socket.ts'
import { zipOf } from '../support/zip.ts'

const mebi = 1024 * 1024
const partBytes = 8 * mebi

describe('files', () => {
  let product: Embedded
  let url: string
  let ada: Account
  let ben: Account
  let eve: Account
  let gus: Account
  let meeting: Meeting
  let seats: Seated[]

  beforeAll(async () => {
    vi.stubEnv('FILES_LINK_SECONDS', '2')
    vi.stubEnv('FILES_USER_QUOTA_BYTES', String(40 * mebi))
    product = await startEmbedded()
    url = product.gateways[0] ?? ''
    ;[ada, ben, eve] = await Promise.all([anAccount(url, 'Ada'), anAccount(url, 'Ben'), anAccount(url, 'Eve')])
    gus = await aGuest(url, 'Gus')
    meeting = await createMeeting(url, ada, { settings: { guestsAllowed: true } })
    seats = [await takeSeat(url, ada, meeting), await takeSeat(url, ben, meeting), await takeSeat(url, gus, meeting)]
  }, 120_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    for (const { socket } of seats) socket.drop()
    await product.stop()
  }, 60_000)

  const attachment = <More extends object>(more: More) => ({ meetingId: meeting.id, ...more })

  it('F1 a file in parts, in any order, one lost and sent again, comes back whole and by range', async () => {
    const bytes = randomBytes(partBytes + 1_000)
    const made = await announced(url, ben, attachment({ sizeBytes: bytes.length, name: 'Bericht "ä".bin' }))
    expect(made).toMatchObject({ file: { status: 'uploading' }, upload: { method: 'PUT', partSizeBytes: partBytes } })
    expect(made.upload.url).toBe(`${url}/v1/files/${made.file.id}/upload`)
    const part = (from: number, to: number) => Uint8Array.from(bytes.subarray(from, to))
    const progress = async () => {
      const answer = await fetch(made.upload.url, { method: 'HEAD', headers: { authorization: `Bearer ${ben.token}` } })
      return [answer.status, answer.headers.get('upload-offset'), answer.headers.get('upload-length')]
    }
    expect(await send(ben, made, part(partBytes, bytes.length), partBytes)).toMatchObject({
      status: 200,
      body: { offset: 0 },
    })
    expect(await progress()).toEqual([200, '0', String(bytes.length)])
    expect(await complete(url, ben, made)).toMatchObject({ status: 409, body: { code: 'wrong-state' } })
    expect(await send(ben, made, part(0, partBytes), 0)).toMatchObject({
      body: { offset: bytes.length, complete: true },
    })
    expect(await send(ben, made, part(0, partBytes), 0)).toMatchObject({ body: { complete: true } })
    const ready = { status: 'ready', contentType: 'application/octet-stream', sizeBytes: bytes.length }
    expect(await complete(url, ben, made)).toMatchObject({ status: 200, body: ready })
    expect(await complete(url, ben, made)).toMatchObject({ status: 200, body: ready })
    expect(await send(ben, made, part(0, partBytes), 0)).toMatchObject({ status: 409, body: { code: 'wrong-state' } })

    const whole = await content(url, ada, made.file.id)
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true)
    const headers = Object.fromEntries(whole.headers)
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
      'content-length': String(bytes.length),
    })
    expect(headers['content-disposition']).toBe(
      `attachment; filename="Bericht \\"?\\".bin"; filename*=UTF-8''Bericht%20%22%C3%A4%22.bin`,
    )
    const etag = whole.headers.get('etag') ?? ''
    for (const [range, from, to] of [
      ['bytes=5-9', 5, 10],
      ['bytes=-5', bytes.length - 5, bytes.length],
      [`bytes=${partBytes - 3}-`, partBytes - 3, bytes.length],
    ] as const) {
      const some = await content(url, ada, made.file.id, { range })
      expect([some.status, some.headers.get('content-range')]).toEqual([206, `bytes ${from}-${to - 1}/${bytes.length}`])
      expect(Buffer.from(await some.arrayBuffer()).equals(bytes.subarray(from, to))).toBe(true)
    }
    const behind = await content(url, ada, made.file.id, { range: `bytes=${bytes.length}-` })
    expect([behind.status, behind.headers.get('content-range')]).toEqual([416, `bytes */${bytes.length}`])
    expect((await content(url, ada, made.file.id, { 'if-none-match': etag })).status).toBe(304)
    const another = await content(url, ada, made.file.id, { range: 'bytes=0-1', 'if-range': '"other"' })
    expect(another.status).toBe(200)
    await another.body?.cancel()
    await callOrThrow(ben, 'DELETE', `${url}/v1/files/${made.file.id}`)
    expect((await content(url, ben, made.file.id)).status).toBe(404)
  }, 90_000)

  it('S39 sizes: one more and one less than announced, and ranges that do not fit', async () => {
    const made = await announced(url, ben, attachment({ sizeBytes: 1_000 }))
    const bytes = (length: number) => new Uint8Array(length)
    expect(await send(ben, made, bytes(1_001))).toMatchObject({ status: 413, body: { code: 'too-large' } })
    expect(await send(ben, made, bytes(999))).toMatchObject({ status: 416 })
    expect(await send(ben, made, bytes(1_001), 0)).toMatchObject({ status: 416 })
    expect(await send(ben, made, bytes(999), 0)).toMatchObject({ status: 400 })
    expect(await send(ben, made, bytes(999), 1)).toMatchObject({ status: 400 })
    expect(await complete(url, ben, made)).toMatchObject({ status: 409, body: { code: 'wrong-state' } })
    expect(await announce(url, ben, attachment({ sizeBytes: 1024 * mebi + 1 }))).toMatchObject({ status: 413 })
    const avatar = { purpose: 'avatar', contentType: 'image/png' } as const
    expect(await announce(url, ben, { ...avatar, sizeBytes: 8 * mebi + 1 })).toMatchObject({ status: 413 })
  })

  it('S39 names that lead elsewhere, and types that are not taken', async () => {
    for (const name of ['../a', '..', 'a/b', 'a\\b', 'a\0b', 'a\nb', '', ' '])
      expect(await announce(url, ben, attachment({ sizeBytes: 1, name }))).toMatchObject({ status: 400 })
    for (const contentType of ['text/html', 'image/svg+xml', 'application/x-msdownload', 'application/xhtml+xml'])
      expect(await announce(url, ben, attachment({ sizeBytes: 1, contentType }))).toMatchObject({
        status: 415,
        body: { code: 'unsupported-media-type' },
      })
    for (const contentType of ['application/pdf', 'text/plain', 'application/octet-stream'])
      expect(await announce(url, ben, { purpose: 'avatar', sizeBytes: 1, contentType })).toMatchObject({ status: 415 })
  })

  const html = Buffer.from('<!DOCTYPE html><script>alert(1)</script>')
  const svg = Buffer.from(
    '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
  )
  const png = pngOf(40, 20)
  const liars: Record<string, [Buffer, string]> = {
    'a page as a PNG': [html, 'image/png'],
    'a page as text': [html, 'text/plain'],
    'a page as anything': [html, 'application/octet-stream'],
    'a page behind spaces and a mark': [Buffer.concat([Buffer.from('\uFEFF \n'), html]), 'text/plain'],
    'a page in UTF-16': [Buffer.from(`\uFEFF${String(html)}`, 'utf16le'), 'application/octet-stream'],
    'an SVG as a PNG': [svg, 'image/png'],
    'an SVG as XML': [svg, 'application/xml'],
    'XHTML as XML': [
      Buffer.from('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>'),
      'application/xml',
    ],
    'a PNG as a JPEG': [png, 'image/jpeg'],
    'a PNG as a PDF': [png, 'application/pdf'],
    'noise as a video': [randomBytes(500), 'video/mp4'],
    'a program as anything': [Buffer.concat([Buffer.from('MZ'), randomBytes(500)]), 'application/octet-stream'],
    'a PNG with a page behind it': [Buffer.concat([png, html]), 'image/png'],
    'a PNG that is a script too': [Buffer.concat([png, Buffer.from('<?php system(0); ?>')]), 'image/png'],
    'a PNG with an archive behind it': [Buffer.concat([png, zipOf([{ name: 'a.class', content: png }])]), 'image/png'],
    'half a PNG': [png.subarray(0, png.length - 30), 'image/png'],
    '50 megapixels': [pngOf(10_000, 5_001), 'image/png'],
    'a zip bomb': [zipOf([{ name: 'a', content: Buffer.alloc(20 * mebi) }]), 'application/zip'],
    'an archive in an archive': [zipOf([{ name: 'a.zip', content: zipOf([]) }]), 'application/zip'],
    'a path out of an archive': [zipOf([{ name: '../../a', content: png }]), 'application/zip'],
    'a plain archive as a document': [
      zipOf([{ name: 'a', content: png }]),
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    ],
  }
  it.each(Object.entries(liars))('S39 refuses %s, and keeps nothing of it', async (_what, [bytes, contentType]) => {
    const answer = await upload(url, ben, bytes, attachment({ contentType, name: 'harmless' }))
    expect(answer).toMatchObject({ status: 422, body: { code: 'file-refused' } })
    expect(String(answer.body['detail']).length).toBeGreaterThan(10)
    expect(await rest('GET', `${url}/v1/files/${answer.id}`, { token: ben.token })).toMatchObject({
      body: { status: 'refused' },
    })
    expect((await content(url, ben, answer.id)).status).toBe(409)
    expect(await rest('GET', `${url}/v1/files/${answer.id}`, { token: ada.token })).toMatchObject({ status: 404 })
  })

  const honest: Record<string, [Buffer, string, object]> = {
    'a PNG': [png, 'image/png', { contentType: 'image/png', width: 40, height: 20 }],
    'a PNG of unknown type': [png, 'application/octet-stream', { contentType: 'image/png', width: 40 }],
    text: [Buffer.from('a < b, <b>bold</b> & ä\n'), 'text/plain', { contentType: 'text/plain' }],
    CSV: [Buffer.from('a;b\n1;2\n'), 'text/csv', { contentType: 'text/csv' }],
    'CSV of an older program': [Buffer.from('größe;preis\n1;2\n', 'latin1'), 'text/csv', { contentType: 'text/csv' }],
    'text in UTF-16': [Buffer.from('\uFEFFgröße', 'utf16le'), 'text/plain', { contentType: 'text/plain' }],
    'an archive': [
      zipOf([{ name: 'a/b.txt', content: Buffer.from('x') }]),
      'application/zip',
      { contentType: 'application/zip' },
    ],
    'a PDF': [
      Buffer.from('%PDF-1.4\n%âãÏÓ\n1 0 obj<<>>endobj\n'),
      'application/pdf',
      { contentType: 'application/pdf' },
    ],
  }
  it.each(Object.entries(honest))('F1 takes %s', async (_what, [bytes, contentType, shown]) => {
    const answer = await upload(url, ben, bytes, attachment({ contentType, name: 'harmless' }))
    expect(answer).toMatchObject({ status: 200, body: { status: 'ready', ...shown } })
    if (!('width' in shown)) return
    const preview = await content(url, ada, answer.id, {}, '?variant=preview')
    expect([preview.status, preview.headers.get('content-type')]).toEqual([200, 'image/webp'])
    expect(Buffer.from(await preview.arrayBuffer()).toString('latin1')).toMatch(/^RIFF.{4}WEBP/s)
  })

  it('F1 S39 a file belongs to a meeting: members read it, the uploader and hosts delete it, and others cannot see it', async () => {
    const mine = () => upload(url, gus, Buffer.from('from a guest'), attachment({ contentType: 'text/plain' }))
    const { id } = await mine()
    for (const who of [ada, ben, gus]) expect((await content(url, who, id)).status).toBe(200)
    const one = `${url}/v1/files/${id}`
    for (const path of ['', '/content', '/link', '/upload'])
      expect(await rest('GET', one + path, { token: eve.token })).toMatchObject({ status: 404 })
    expect(await rest('POST', `${one}/complete`, { token: ben.token, body: {} })).toMatchObject({ status: 404 })
    expect(await rest('DELETE', one, { token: eve.token })).toMatchObject({ status: 404 })
    expect(await rest('DELETE', one, { token: ben.token })).toMatchObject({ status: 403 })
    expect(await rest('DELETE', one, { token: ada.token })).toMatchObject({ status: 204 })
    expect(await announce(url, eve, attachment({ sizeBytes: 1 }))).toMatchObject({ status: 404 })
    expect(await announce(url, gus, { purpose: 'avatar', sizeBytes: 1, contentType: 'image/png' })).toMatchObject({
      status: 403,
    })
    const open = await announced(url, ben, attachment({ sizeBytes: 5 }))
    expect(await send(ada, open, new Uint8Array(5))).toMatchObject({ status: 404 })
    expect((await fetch(open.upload.url, { method: 'PUT', body: 'x' })).status).toBe(401)
  })

  it('F1 S39 a link needs no token, expires, and is refused when anything in it was changed', async () => {
    const { id } = await upload(url, ben, Buffer.from('linked'), attachment({ contentType: 'text/plain' }))
    const link = await callOrThrow<{ url: string; expiresAt: string }>(ada, 'GET', `${url}/v1/files/${id}/link`)
    expect(link.url.startsWith(`${url}/v1/files/${id}/`)).toBe(true)
    const answer = await fetch(link.url)
    expect([answer.status, await answer.text()]).toEqual([200, 'linked'])
    expect((await fetch(link.url, { headers: { range: 'bytes=0-1' } })).status).toBe(206)
    const other = await upload(url, ben, Buffer.from('another'), attachment({ contentType: 'text/plain' }))
    for (const changed of [
      link.url.replace(id, other.id),
      link.url.replace(ada.id, eve.id),
      link.url.replace(/expires=(\d+)/, (_all, at: string) => `expires=${Number(at) + 60_000}`),
      link.url.replace('variant=original', 'variant=preview'),
      link.url.replace(/signature=./, (all) => (all.endsWith('A') ? 'signature=B' : 'signature=A')),
    ])
      expect([changed !== link.url, (await fetch(changed)).status]).toEqual([true, 403])
    await eventually(async () => expect((await fetch(link.url)).status).toBe(403), 6_000)
  })

  it('F1 the quota holds under parallel uploads', async () => {
    const dan = await anAccount(url, 'Dan')
    seats.push(await takeSeat(url, dan, meeting))
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => announce(url, dan, attachment({ sizeBytes: 7 * mebi }))),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5)
    expect(answers.find(({ status }) => status !== 201)).toMatchObject({
      status: 409,
      body: { code: 'quota-exceeded' },
    })
  })

  it('F1 100 uploads at one time', async () => {
    const files = Array.from({ length: 100 }, () => randomBytes(50_000))
    const answers = await Promise.all(files.map((bytes) => upload(url, ada, bytes, attachment({}))))
    expect(answers.map(({ status }) => status)).toEqual(files.map(() => 200))
    const back = await Promise.all(answers.map(async ({ id }) => (await content(url, ben, id)).arrayBuffer()))
    expect(back.every((bytes, index) => files[index]?.equals(Buffer.from(bytes)))).toBe(true)
  }, 60_000)

  it('C3 a message with a file reaches everybody, once, and takes its file along when it is deleted', async () => {
    const { id: fileId } = await upload(url, ben, png, attachment({ contentType: 'image/png', name: 'p.png' }))
    const socket = seats[1]?.socket
    const message = { clientMessageId: 'file-message-1', fileId, text: 'look' }
    const sent = await socket?.ask('chat.send', message)
    expect(sent?.type).toBe('chat.accepted')
    expect((await socket?.ask('chat.send', message))?.payload['messageId']).toBe(sent?.payload['messageId'])
    const file = { id: fileId, name: 'p.png', sizeBytes: png.length, contentType: 'image/png', width: 40, height: 20 }
    const heard = await seats[0]?.socket.waitFor('chat.message', (payload) => JSON.stringify(payload).includes(fileId))
    expect(heard?.payload).toMatchObject({ message: { type: 'file', text: 'look', file } })
    const messages = `${url}/v1/meetings/${meeting.id}/messages`
    const post = (who: Account, body: object) => rest('POST', messages, { token: who.token, body })
    expect(await post(ben, message)).toMatchObject({ status: 200, body: { type: 'file', text: 'look', file } })
    expect(await post(ben, { ...message, text: 'other' })).toMatchObject({ status: 409 })
    expect(await post(ben, { clientMessageId: 'file-message-2', fileId })).toMatchObject({
      status: 409,
      body: { code: 'wrong-state' },
    })
    expect(await post(ada, { clientMessageId: 'file-message-3', fileId })).toMatchObject({ status: 404 })
    expect(await post(ada, { clientMessageId: 'file-message-4' })).toMatchObject({ status: 400 })
    const open = await announced(url, ben, attachment({ sizeBytes: 5 }))
    expect(await post(ben, { clientMessageId: 'file-message-5', fileId: open.file.id })).toMatchObject({ status: 409 })
    const { items } = (await rest('GET', `${messages}?limit=1`, { token: gus.token })).body as { items: object[] }
    expect(items[0]).toMatchObject({ type: 'file', file })
    await callOrThrow(ben, 'DELETE', `${messages}/${String(sent?.payload['messageId'])}`)
    await eventually(async () => expect((await content(url, ben, fileId)).status).toBe(404))
    const after = (await rest('GET', `${messages}?limit=1`, { token: gus.token })).body as { items: object[] }
    expect(after.items[0]).not.toHaveProperty('file')
  })

  it('A5 an avatar is made anew of its pixels, shown in the room, and goes when another takes its place', async () => {
    const wish = { purpose: 'avatar', contentType: 'image/png', name: 'me.png' } as const
    const first = await upload(url, eve, pngOf(300, 100), wish)
    expect(first.body).toMatchObject({ status: 'ready', contentType: 'image/webp', width: 512, height: 512 })
    const me = { token: eve.token, body: { avatarFileId: first.id } }
    expect(await rest('PATCH', `${url}/v1/me`, { ...me, token: ben.token })).toMatchObject({ status: 404 })
    const shown = { avatarFileId: first.id, avatarUrl: `/v1/files/${first.id}/content` }
    expect(await rest('PATCH', `${url}/v1/me`, me)).toMatchObject({ status: 200, body: shown })
    expect(await rest('GET', `${url}/v1/auth/me`, { token: eve.token })).toMatchObject({ body: shown })
    seats.push(await takeSeat(url, eve, meeting))
    const joined = await seats[0]?.socket.waitFor('participant.joined', (payload) =>
      JSON.stringify(payload).includes(eve.id),
    )
    expect(JSON.stringify(joined?.payload)).toContain(first.id)
    const seen = await content(url, gus, first.id)
    expect(Buffer.from(await seen.arrayBuffer()).toString('latin1')).toMatch(/^RIFF.{4}WEBP/s)
    expect(await rest('DELETE', `${url}/v1/files/${first.id}`, { token: eve.token })).toMatchObject({ status: 409 })
    const second = await upload(url, eve, pngOf(50, 50), wish)
    await callOrThrow(eve, 'PATCH', `${url}/v1/me`, { avatarFileId: second.id })
    expect((await content(url, gus, first.id)).status).toBe(404)
    await callOrThrow(eve, 'PATCH', `${url}/v1/me`, { avatarFileId: null })
    expect((await content(url, eve, second.id)).status).toBe(404)
    expect((await rest('GET', `${url}/v1/auth/me`, { token: eve.token })).body).toMatchObject({
      avatarFileId: null,
      avatarUrl: null,
    })
  })
})
