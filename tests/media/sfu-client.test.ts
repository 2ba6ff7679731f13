import { join } from 'node:path'
import { eventually, startJanus, type RunningJanus } from '@parley/kit/testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { bundleForPage } from '../support/bundle.ts'
import { startJanusRoom, type JanusRoom } from '../support/janus-room.ts'
import type { SfuPage } from './page/sfu-page.ts'

const colours = { a: 'red', b: 'blue', c: 'lime' } as const
type Id = keyof typeof colours
const ids = ['a', 'b', 'c'] as const

/** The SDK's side of the SFU on a real Janus; the room, its tokens and the WebSocket in between are the test's. */
describe('SFU client', () => {
  let browser: Browser | undefined
  let janus: RunningJanus | undefined
  let room: JanusRoom
  let files: Map<string, { type: string; body: string }>
  const pages = new Map<Id, Page>()
  const page = (id: Id): Page => {
    const found = pages.get(id)
    if (!found) throw new Error(`nobody is ${id}`)
    return found
  }
  /** Calls what the page of `id` offers. */
  const at = <M extends keyof SfuPage>(id: Id, method: M, ...args: Parameters<SfuPage[M]>) =>
    page(id).evaluate(
      ([name, given]) => {
        const { sfu } = window as unknown as { sfu: Record<string, (...all: unknown[]) => unknown> }
        return sfu[name]?.(...given)
      },
      [method, args] as const,
    ) as Promise<Awaited<ReturnType<SfuPage[M]>>>
  const othersOf = (id: Id) => ids.filter((other) => other !== id)
  const enter = async (id: Id) => {
    await at(id, 'enter', room.grant(id), colours[id])
    await at(id, 'expect', othersOf(id))
  }

  beforeAll(async () => {
    janus = await startJanus()
    const script = await bundleForPage(join(import.meta.dirname, 'page', 'sfu-page.ts'))
    files = new Map([
      [
        '/',
        {
          type: 'text/html',
          body: '<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="/page.js"></script>',
        },
      ],
      ['/page.js', { type: 'text/javascript', body: script }],
    ])
    room = await startJanusRoom(janus, files)
    browser = await startBrowser()
    for (const id of ids) {
      const context = await browser.newContext()
      const opened = await context.newPage()
      await opened.goto(room.url)
      pages.set(id, opened)
    }
    await enter('a')
    await enter('b')
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await room?.stop()
    await janus?.stop()
  }, 30_000)

  const sees = (
    id: Id,
    whom: Id,
    colour: readonly [number, number, number] | null,
    what: 'camera' | 'screen' = 'camera',
  ) =>
    eventually(async () => {
      const seen = (await at(id, 'seen'))[whom]?.[what]
      if (colour === null) expect(seen).toBeNull()
      else
        for (const [index, value] of colour.entries()) expect(Math.abs((seen?.[index] ?? -99) - value)).toBeLessThan(40)
    }, 15_000)
  /** How much came from `whom` in a second and a half. */
  const flow = async (id: Id, whom: Id) => {
    const before = await at(id, 'received')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const after = await at(id, 'received')
    const of = (key: 'audio' | 'frames' | 'bytes') => (after[whom]?.[key] ?? 0) - (before[whom]?.[key] ?? 0)
    return { audio: of('audio'), frames: of('frames'), bytes: of('bytes') }
  }

  it('V1 each participant decodes the others, told apart by colour; a later one does too', async () => {
    await sees('a', 'b', [0, 0, 255])
    await sees('b', 'a', [255, 0, 0])
    await enter('c')
    for (const id of ['a', 'b'] as const) await sees(id, 'c', [0, 255, 0])
    await sees('c', 'a', [255, 0, 0])
    await sees('c', 'b', [0, 0, 255])
  }, 60_000)

  it('V1 a screen is a stream of its own, and gone when its owner says so', async () => {
    await at('a', 'share', 'yellow')
    await at('b', 'expect', ['a', 'c'], ['a'])
    await sees('b', 'a', [255, 255, 0], 'screen')
    await sees('b', 'a', [255, 0, 0])
    await at('a', 'share', null)
    await at('b', 'expect', ['a', 'c'])
    await sees('b', 'a', null, 'screen')
  }, 60_000)

  it('V1 a picture that nobody looks at is paused while its sound goes on, and a small one comes in a small size', async () => {
    await eventually(async () => expect((await flow('b', 'c')).frames).toBeGreaterThan(5), 15_000)
    const large = await flow('b', 'a')
    await at('b', 'view', { a: 90 })
    await eventually(async () => {
      const hidden = await flow('b', 'c')
      expect(hidden.frames).toBe(0)
      expect(hidden.audio).toBeGreaterThan(30)
    }, 15_000)
    await eventually(async () => {
      const small = await flow('b', 'a')
      expect(small.frames).toBeGreaterThan(5)
      expect(small.bytes).toBeLessThan(large.bytes * 0.75)
    }, 15_000)
    await at('b', 'view', null)
    await eventually(async () => expect((await flow('b', 'c')).frames).toBeGreaterThan(5), 15_000)
  }, 90_000)

  it('V2 the sound of a participant whom the server mutes stops for everybody, and comes back', async () => {
    const mute = (muted: boolean) => room.ask({ request: 'moderate', id: 'a', mid: '0', mute: muted })
    await mute(true)
    await eventually(async () => expect((await flow('b', 'a')).audio).toBe(0), 15_000)
    await mute(false)
    await eventually(async () => expect((await flow('b', 'a')).audio).toBeGreaterThan(30), 15_000)
  }, 60_000)

  it('T19 a broken WebSocket claims the same session again, and shows participants who came meanwhile', async () => {
    const sessions = await Promise.all([at('a', 'session'), at('b', 'session')])
    await at('c', 'leave')
    await sees('b', 'c', null)
    room.cut(['a', 'b'])
    await enter('c')
    await eventually(
      async () => expect((await room.ask({ request: 'listparticipants' }))['participants']).toHaveLength(3),
      10_000,
    )
    expect((await flow('b', 'a')).audio).toBeGreaterThan(30)
    room.mend()
    for (const id of ['a', 'b'] as const) await sees(id, 'c', [0, 255, 0])
    expect(await Promise.all([at('a', 'session'), at('b', 'session')])).toEqual(sessions)
  }, 60_000)

  it('V1 a call moves from mesh to SFU, and on to another Janus when its own is killed, without a gap of 2 s', async () => {
    for (const id of ids) {
      await at(id, 'leave')
      await page(id).exposeFunction('signalTo', (to: Id, data: unknown) => at(to, 'hear', id, data))
    }
    for (const id of ids) await at(id, 'meet', id, othersOf(id), colours[id])
    await eventually(async () => {
      for (const id of ids) expect(Object.keys(await at(id, 'gaps'))).toHaveLength(2)
    }, 20_000)
    const moveTo = async (to: JanusRoom) => {
      for (const id of ids) await at(id, 'resetGaps')
      for (const id of ids) await at(id, 'move', to.grant(id))
    }
    const arrived = () =>
      eventually(async () => {
        for (const id of ids) {
          const carrier = await at(id, 'carrier')
          expect(carrier).toMatchObject({ by: 'sfu', mesh: false, session: expect.any(Number) })
        }
      }, 25_000)
    await moveTo(room)
    await arrived()
    for (const id of ids) for (const gap of Object.values(await at(id, 'gaps'))) expect(gap).toBeLessThan(2_000)
    const second = await startJanus({ id: 'janus-2', ...(janus && { secrets: janus.secrets }) })
    const there = await startJanusRoom(second)
    try {
      janus?.kill()
      await moveTo(there)
      await eventually(async () => {
        for (const id of ids) for (const gap of Object.values(await at(id, 'gaps'))) expect(gap).toBeGreaterThan(150)
      }, 15_000)
      await arrived()
      for (const id of ids) for (const gap of Object.values(await at(id, 'gaps'))) expect(gap).toBeLessThan(2_000)
    } finally {
      for (const id of ids) await at(id, 'end')
      await there.stop()
      await second.stop()
    }
  }, 120_000)
})
