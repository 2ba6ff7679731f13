import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Meeting, Recording, Sfu } from '@parley/contracts'
import { eventually, startSwift, type RunningSwift } from '@parley/kit/testing'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAccount, callOrThrow, createMeeting, type Account } from '../support/accounts.ts'
import { startBrowser } from '../support/browser.ts'
import { rest } from '../support/people.ts'
import { startStack, type StackFile } from '../support/product.ts'
import { mountSmallDisk, type SmallDisk } from '../faults/stack/small-disk.ts'
import { coloursAt, hears, probe } from '../../services/media/src/recordings/testing/probe.ts'
import { seeOneAnother, visitAs, type Colour, type Visitor } from '../support/meeting-pages.ts'
import { takeSeat } from '../support/protocol-socket.ts'
import { Actor, looksOf } from '../support/sfu/actors.ts'

const tones = { Ada: 400, Bob: 900, Cy: 2_000 }

/** Three people, by the names of their colours: red, green, blue. */
describe('V3 recordings', () => {
  let product: Awaited<ReturnType<typeof startStack>>
  let folder = ''
  let url = ''
  let [ann, bob, other]: Account[] = []
  let swift: RunningSwift
  let browser: Browser
  let disk: SmallDisk | null = null

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-recordings-'))
    swift = await startSwift()
    browser = await startBrowser()
    disk = await mountSmallDisk(64)
    const recordings = disk === null ? [] : ['--set', `media:JANUS_RECORDINGS_DIR=${disk.dir}`]
    product = await startStack(['--media', '2', '--janus', '2', '--respawn', ...recordings], {
      RECORDING_WORK_DIR: join(folder, 'work'),
      RECORDING_MIN_FREE_MB: '4',
      RATE_LIMITS: 'off',
      S3_ENDPOINT: swift.endpoint,
      S3_ACCESS_KEY: swift.accessKeyId,
      S3_SECRET_KEY: swift.secretAccessKey,
      RECORDING_EMPTY_SECONDS: '2',
    })
    url = product.gateways[0] ?? ''
    ;[ann, bob, other] = await Promise.all(['Ann', 'Bob', 'Other'].map((name) => anAccount(url, name)))
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await product?.stop()
    await swift?.stop()
    await disk?.unmount()
    await rm(folder, { recursive: true, force: true })
  }, 60_000)

  const host = () => ann as Account
  const recordingsAt = ({ id }: Pick<Meeting, 'id'>) => `${url}/v1/meetings/${id}/recordings`
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

  /** Something that happens to a recording, so many seconds after it began. */
  type Happening = readonly [second: number, what: () => Promise<unknown>]

  /** Records three Chromium pages for 20 s: Cy comes at 6 s, Bob mutes at 12 s. Other happenings come between. */
  async function recordThree(
    layout: string,
    besides: (call: { meetingId: string; janusUrl: string }) => readonly Happening[],
  ) {
    const meeting = await createMeeting(url, host(), {
      settings: { topology: 'sfu', recording: true, guestsAllowed: true, waitingRoom: false },
    })
    const seat = await takeSeat(url, host(), meeting)
    const pages = new Map<string, Visitor>()
    const enter = async (name: keyof typeof tones, colour: Colour) => {
      const page = await visitAs(name, colour, { chromium: browser, gateway: url })
      pages.set(name, page)
      await page.call('enter', { name, colour, code: meeting.code, way: 'any', hz: tones[name], width: 640 })
      return page
    }
    await enter('Ada', 'red')
    await enter('Bob', 'lime')
    await seeOneAnother([...pages.values()])
    const { id } = await start(meeting, { layout })
    await reaches(id, 'recording')
    const beganAt = performance.now()
    const happenings: readonly Happening[] = [
      [6, () => enter('Cy', 'blue')],
      [12, async () => pages.get('Bob')?.call('setMic', false)],
      ...besides({ meetingId: meeting.id, janusUrl: (seat.entered['sfu'] as Sfu).url }),
    ]
    const under = happenings.map(async ([second, happens]) => {
      await sleep(second * 1000)
      await happens()
    })
    await sleep(20_000)
    const lengthMs = performance.now() - beganAt
    await eventually(() => stop(id), 20_000)
    await Promise.all(under)
    const notices = await Promise.all([...pages.values()].map((page) => page.call('recordingSeen')))
    const sizes = await Promise.all([...pages.values()].map((page) => page.call('sizesSent')))
    await Promise.all([...pages.values()].map((page) => page.close()))
    return { id, seat, meeting, lengthMs, notices, sizes }
  }
  const threeSeen = (file: string) => {
    expect([2, 5, 10, 15, 19].map((second) => seen(file, second))).toEqual([
      [true, true, false],
      [true, true, false],
      [true, true, true],
      [true, true, true],
      [true, true, true],
    ])
    expect([2, 10, 15, 19].map((second) => heard(file, second))).toEqual([
      [true, true, false],
      [true, true, true],
      [true, false, true],
      [true, false, true],
    ])
  }

  it('V3 records three browsers that send several sizes, of which one is late and one mutes; all are told, and people who were there play it', async () => {
    const { id, seat, meeting, lengthMs, notices, sizes } = await recordThree('grid', ({ meetingId }) => [
      [
        1,
        async () =>
          expect(
            (await rest('POST', recordingsAt({ id: meetingId }), { token: host().token, body: {} })).body,
          ).toMatchObject({
            code: 'recording-running',
          }),
      ],
    ])
    const recording = await reaches(id, 'ready')
    expect(notices.every((status) => status !== null)).toBe(true)
    expect(Math.min(...sizes)).toBeGreaterThan(1)
    await seat.socket.waitFor('recording.changed', ({ recording: one }) => (one as Recording).status === 'ready')
    const texts = seat.socket.all
      .filter(({ type }) => type === 'chat.message')
      .map(({ payload }) => (payload['message'] as { text: string }).text)
    expect(texts).toContain('Ann started recording this meeting.')
    expect(Math.abs((recording.durationMs ?? 0) - lengthMs)).toBeLessThan(500)
    const file = await download(recording, 'three')
    expect(probe(file)).toMatchObject({ codecs: ['vp8', 'opus'] })
    expect(Math.abs(probe(file).durationMs - lengthMs)).toBeLessThan(500)
    threeSeen(file)
    expect(recording.people.map(({ name }) => name)).toEqual(expect.arrayContaining(['Ada', 'Bob', 'Cy']))
    expect(recording.people.find(({ name }) => name === 'Cy')?.fromMs).toBeGreaterThan(5_500)
    await takeSeat(url, bob as Account, meeting)
    await playedBy(recording)
    seat.socket.drop()
  }, 150_000)

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
    const page = await browser.newPage()
    try {
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
        video.currentTime = 15
        await happens('seeked')
        await video.play()
        await new Promise((resolve) => setTimeout(resolve, 1_000))
        return { seconds: video.duration, at: video.currentTime, width: video.videoWidth }
      }, link)
      expect(places.width).toBe(1280)
      expect(places.seconds).toBeGreaterThan(19)
      expect(places.at).toBeGreaterThan(15.3)
    } finally {
      await page.close()
    }
  }

  it('V3 T18 the same with Janus, both media and the storage killed in the middle: the length is right, and everybody is there before and after', async () => {
    // On a busy machine a replica that was killed is not back yet, and its pid is one of before.
    const kill = (pidsOf: (now: StackFile) => number[]) =>
      eventually(async () => pidsOf(await product.present()).forEach((pid) => process.kill(pid, 'SIGKILL')), 20_000)
    const { id, lengthMs, seat } = await recordThree('grid', ({ janusUrl }) => [
      [
        7,
        () =>
          kill(({ janus = [] }) =>
            janus.filter(({ id }) => janusUrl.includes(`/v1/janus/${id}?`)).map(({ pid }) => pid),
          ),
      ],
      [14, () => kill(({ media }) => media.map(({ pid }) => pid))],
      [18, async () => swift.proxy.kill('SIGKILL')],
    ])
    await reaches(id, 'processing')
    // The film is made, and cannot be stored.
    await sleep(3_000)
    expect((await read(id)).status).toBe('processing')
    await kill(({ media }) => media.map(({ pid }) => pid))
    await swift.restartProxy()
    const recording = await reaches(id, 'ready', 60_000)
    expect(Math.abs((recording.durationMs ?? 0) - lengthMs)).toBeLessThan(500)
    const file = await download(recording, 'killed')
    expect([2, 5, 17, 19].map((second) => seen(file, second))).toEqual([
      [true, true, false],
      [true, true, false],
      [true, true, true],
      [true, true, true],
    ])
    expect([2, 17, 19].map((second) => heard(file, second))).toEqual([
      [true, true, false],
      [true, false, true],
      [true, false, true],
    ])
    seat.socket.drop()
  }, 180_000)

  it('V3 a disk that fills up ends it in order: hosts are told, and what is there can be played', async () => {
    // A user who may not mount a disk cannot fill one either.
    if (disk === null) return expect(process.getuid?.()).not.toBe(0)
    const meeting = await createMeeting(url, host(), { settings: { topology: 'auto', recording: true } })
    const a = await Actor.sit(url, host(), meeting, looksOf('blue', tones.Cy))
    const { id } = await start(meeting)
    await reaches(id, 'recording')
    await sleep(3_000)
    disk.fill()
    try {
      expect((await reaches(id, 'processing')).failure).toMatchObject({ code: 'disk-full' })
      await a.seat.socket.waitFor('chat.message', ({ message }) =>
        (message as { text: string }).text.includes('no space left'),
      )
    } finally {
      disk.empty()
    }
    const recording = await reaches(id, 'ready', 60_000)
    expect(recording.failure).toMatchObject({ code: 'disk-full' })
    const file = await download(recording, 'full')
    expect([seen(file, 2), heard(file, 2)]).toEqual([
      [false, false, true],
      [false, false, true],
    ])
    expect(recording.durationMs).toBeGreaterThan(2_500)
    await a.leave()
  }, 120_000)

  it('moves a mesh to the SFU; takes tracks that come and go 50 times, and ends with an empty room', async () => {
    const meeting = await createMeeting(url, host(), { settings: { topology: 'auto', recording: true } })
    const a = await Actor.sit(url, host(), meeting, looksOf('blue', tones.Cy))
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
