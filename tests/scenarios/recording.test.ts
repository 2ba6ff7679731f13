import { createHash } from 'node:crypto'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Meeting, Recording } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAccount, callOrThrow, createMeeting, type Account } from '../support/accounts.ts'
import { startBrowser } from '../support/browser.ts'
import { rest } from '../support/people.ts'
import { startStack } from '../support/product.ts'
import { coloursAt, hears, probe } from '../../services/media/src/recordings/testing/probe.ts'
import { Actor, looksOf, type Looks } from '../support/sfu/actors.ts'

const tones = { Ann: 400, Bob: 900, Cy: 2_000 }

/** Three people, by the names of their colours: red, green, blue. */
describe('V3 recordings', () => {
  let product: Awaited<ReturnType<typeof startStack>>
  let folder = ''
  let url = ''
  let [ann, bob, cy, other]: Account[] = []
  let looks: { red: Looks; green: Looks; blue: Looks }
  const objectsDir = () => join(folder, 'objects')

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-recordings-'))
    product = await startStack(['--media', '2', '--janus', '2', '--respawn'], {
      RATE_LIMITS: 'off',
      OBJECTS_DIR: objectsDir(),
      RECORDING_EMPTY_SECONDS: '2',
    })
    url = product.gateways[0] ?? ''
    ;[ann, bob, cy, other] = await Promise.all(['Ann', 'Bob', 'Cy', 'Other'].map((name) => anAccount(url, name)))
    looks = { red: looksOf('red', tones.Ann), green: looksOf('#00e000', tones.Bob), blue: looksOf('blue', tones.Cy) }
  }, 120_000)
  afterAll(async () => {
    await product.stop()
    await rm(folder, { recursive: true, force: true })
  }, 60_000)

  const host = () => ann as Account
  const newMeeting = () => createMeeting(url, host(), { settings: { topology: 'sfu', recording: true } })
  const recordingsAt = ({ id }: Meeting) => `${url}/v1/meetings/${id}/recordings`
  const start = (meeting: Meeting, body: object = {}) =>
    callOrThrow<Recording>(host(), 'POST', recordingsAt(meeting), body)
  const read = (id: string, as = host()) => callOrThrow<Recording>(as, 'GET', `${url}/v1/recordings/${id}`)
  const stop = (id: string) => callOrThrow<Recording>(host(), 'POST', `${url}/v1/recordings/${id}/stop`, {})
  const reaches = (id: string, status: Recording['status'], ms = 40_000) =>
    eventually(async () => {
      const now = await read(id)
      if (now.status === status) return now
      throw new Error(JSON.stringify(now))
    }, ms)

  async function download({ id, sha256 }: Recording, name: string): Promise<string> {
    const response = await fetch(`${url}/v1/recordings/${id}/content`, {
      headers: { authorization: `Bearer ${host().token}` },
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    expect([response.status, createHash('sha256').update(bytes).digest('hex')]).toEqual([200, sha256])
    const file = join(folder, `${name}.webm`)
    await writeFile(file, bytes)
    return file
  }
  const seen = (file: string, seconds: number) => {
    const { red, green, blue } = coloursAt(file, seconds)
    return [red > 80, green > 80, blue > 80]
  }
  const heard = (file: string, seconds: number) => Object.values(tones).map((hz) => hears(file, seconds, hz))

  it('records three people, of whom one is late and one mutes; all are told, and who was there plays it', async () => {
    const meeting = await newMeeting()
    const a = await Actor.enter(url, host(), meeting, looks.red)
    const b = await Actor.enter(url, bob as Account, meeting, looks.green)
    const { id } = await start(meeting)
    expect((await rest('POST', recordingsAt(meeting), { token: host().token, body: {} })).body).toMatchObject({
      code: 'recording-running',
      recordingId: id,
    })
    await b.seat.socket.waitFor('recording.changed', ({ recording }) => (recording as Recording).status === 'recording')
    const beganAt = performance.now()
    const at = async (seconds: number) => sleep(Math.max(0, seconds * 1000 - (performance.now() - beganAt)))
    await at(4)
    const c = await Actor.enter(url, cy as Account, meeting, looks.blue)
    expect(c.seat.entered['recording']).toMatchObject({ id, status: 'recording' })
    await at(7)
    await b.setMic(false)
    await at(12)
    await stop(id)
    const lengthMs = performance.now() - beganAt
    const recording = await reaches(id, 'ready')
    await b.seat.socket.waitFor('recording.changed', ({ recording: one }) => (one as Recording).status === 'ready')
    const texts = b.seat.socket.all
      .filter(({ type }) => type === 'chat.message')
      .map(({ payload }) => (payload['message'] as { text: string }).text)
    expect(texts).toContain('Ann started recording this meeting.')
    expect(Math.abs((recording.durationMs ?? 0) - lengthMs)).toBeLessThan(500)
    const file = await download(recording, 'three')
    expect(probe(file)).toMatchObject({ codecs: ['vp8', 'opus'] })
    expect(Math.abs(probe(file).durationMs - lengthMs)).toBeLessThan(500)
    expect([1, 3, 6, 9, 11].map((second) => seen(file, second))).toEqual([
      [true, true, false],
      [true, true, false],
      [true, true, true],
      [true, true, true],
      [true, true, true],
    ])
    expect([1, 6, 8.5, 11].map((second) => heard(file, second))).toEqual([
      [true, true, false],
      [true, true, true],
      [true, false, true],
      [true, false, true],
    ])
    expect(recording.people.map(({ name }) => name).toSorted()).toEqual(['Ann', 'Bob', 'Cy'])
    const late = recording.people.find(({ name }) => name === 'Cy')
    expect(late?.fromMs).toBeGreaterThan(3_500)
    await playedBy(recording)
    await Promise.all([a, b, c].map((one) => one.leave()))
  }, 90_000)

  async function playedBy({ id, sizeBytes, meetingId }: Recording): Promise<void> {
    const content = `${url}/v1/recordings/${id}/content`
    const as = (who: Account | undefined, headers: Record<string, string> = {}) =>
      fetch(content, { headers: { authorization: `Bearer ${who?.token}`, ...headers } })
    const part = await as(bob, { range: 'bytes=10-19' })
    expect([part.status, part.headers.get('content-range'), (await part.arrayBuffer()).byteLength]).toEqual([
      206,
      `bytes 10-19/${sizeBytes}`,
      10,
    ])
    expect((await as(bob, { 'if-none-match': part.headers.get('etag') ?? '' })).status).toBe(304)
    expect((await as(other)).status).toBe(404)
    expect(
      (await rest('GET', `${url}/v1/meetings/${meetingId}/recordings`, { token: other?.token ?? '' })).status,
    ).toBe(404)
    const link = await callOrThrow<{ url: string }>(bob as Account, 'GET', `${url}/v1/recordings/${id}/link`)
    const linked = await fetch(link.url, { headers: { range: 'bytes=0-3' } })
    expect([linked.status, Buffer.from(await linked.arrayBuffer()).toString('hex')]).toEqual([206, '1a45dfa3'])
    await playsInBrowser(link.url)
    expect((await fetch(link.url.replace(/signature=..../, 'signature=AAAA'))).status).toBe(403)
    const byBob = { token: bob?.token ?? '' }
    expect((await rest('DELETE', `${url}/v1/recordings/${id}`, byBob)).status).toBe(403)
    expect((await rest('DELETE', `${url}/v1/recordings/${id}`, { token: host().token })).status).toBe(204)
    expect((await as(ann)).status).toBe(404)
  }

  /** A page of the product plays it, and goes to any place at once. */
  async function playsInBrowser(link: string): Promise<void> {
    const browser = await startBrowser()
    try {
      const page = await browser.newPage()
      await page.goto(url)
      const places = await page.evaluate(async (src) => {
        const video = document.createElement('video')
        const happens = (name: string) =>
          new Promise((resolve, reject) => {
            video.addEventListener(name, resolve, { once: true })
            video.addEventListener('error', () => reject(new Error(video.error?.message)), { once: true })
          })
        video.muted = true
        video.src = src
        await happens('loadedmetadata')
        video.currentTime = 9
        await happens('seeked')
        await video.play()
        await new Promise((resolve) => setTimeout(resolve, 1_000))
        return { seconds: video.duration, at: video.currentTime, width: video.videoWidth }
      }, link)
      expect(places.width).toBe(1280)
      expect(places.seconds).toBeGreaterThan(11)
      expect(places.at).toBeGreaterThan(9.3)
    } finally {
      await browser.close()
    }
  }

  it('T18 goes on when its Janus is killed: the room moves, and both parts are in the film', async () => {
    const meeting = await newMeeting()
    const a = await Actor.enter(url, host(), meeting, looks.red)
    const { id } = await start(meeting)
    await reaches(id, 'recording')
    const beganAt = performance.now()
    await sleep(4_000)
    const janus = (await product.present()).janus?.find((one) => a.janusUrl.includes(`/v1/janus/${one.id}?`))
    process.kill(janus?.pid ?? 0, 'SIGKILL')
    await eventually(() => {
      if (!a.moved) throw new Error('the room has not moved')
    }, 15_000)
    await sleep(4_000)
    await stop(id)
    const lengthMs = performance.now() - beganAt
    const recording = await reaches(id, 'ready')
    expect(Math.abs((recording.durationMs ?? 0) - lengthMs)).toBeLessThan(1_000)
    const file = await download(recording, 'janus')
    const end = lengthMs / 1000
    expect([2, end - 1.5].map((second) => [seen(file, second)[0], heard(file, second)[0]])).toEqual([
      [true, true],
      [true, true],
    ])
    await a.leave()
  }, 90_000)

  it('is finished once, with all that was recorded, when both media are killed and the storage is away', async () => {
    const meeting = await newMeeting()
    const a = await Actor.enter(url, host(), meeting, looks.green)
    const { id } = await start(meeting, { layout: 'speaker' })
    await reaches(id, 'recording')
    const beganAt = performance.now()
    await sleep(3_000)
    for (const { pid } of (await product.present()).media) process.kill(pid, 'SIGKILL')
    await sleep(3_000)
    // The folder of the objects is gone: nothing can be stored.
    await rename(objectsDir(), `${objectsDir()}.away`)
    await writeFile(objectsDir(), 'in the way')
    await eventually(() => stop(id), 20_000)
    const lengthMs = performance.now() - beganAt
    await reaches(id, 'processing')
    await sleep(3_000)
    expect((await read(id)).status).toBe('processing')
    await rm(objectsDir())
    await rename(`${objectsDir()}.away`, objectsDir())
    const recording = await reaches(id, 'ready')
    expect(recording.durationMs).toBeGreaterThan(lengthMs - 500)
    const file = await download(recording, 'media')
    expect([1, 3.5, 5.5].map((second) => [seen(file, second)[1], heard(file, second)[1]])).toEqual([
      [true, true],
      [true, true],
      [true, true],
    ])
    await a.leave()
  }, 120_000)

  it('moves a mesh to the SFU; takes tracks that come and go 50 times, and ends with an empty room', async () => {
    const meeting = await createMeeting(url, host(), { settings: { topology: 'auto', recording: true } })
    const a = await Actor.sit(url, host(), meeting, looks.blue)
    const { id } = await start(meeting)
    await reaches(id, 'recording')
    const beganAt = performance.now()
    for (let turn = 0; turn < 50; turn += 1) {
      await Promise.all([a.setMic(turn % 2 === 1), a.setCam(turn % 2 === 1)])
      await sleep(100)
    }
    const onAgain = (performance.now() - beganAt) / 1000
    await sleep(3_000)
    await a.leave()
    const recording = await reaches(id, 'ready', 60_000)
    const file = await download(recording, 'fifty')
    expect([seen(file, onAgain + 2), heard(file, onAgain + 1)]).toEqual([
      [false, false, true],
      [false, false, true],
    ])
    expect(recording.people).toHaveLength(1)
  }, 120_000)
})
