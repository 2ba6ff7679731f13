import { createParley, type Parley, type Room } from '@parley/client'
import { eventually } from '@parley/kit/testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { axeViolations, faintUnderMouse, overflowOf } from '../support/axe.ts'
import { startBrowser } from '../support/browser.ts'
import { id, signUp, tileOf, visit } from '../support/pages.ts'
import { aPerson } from '../support/people.ts'
import { startEmbedded, type Embedded } from '../support/product.ts'

const longTitle = `The planning of everything ${'that we do '.repeat(5)}in the coming year`
const rtlName = 'דנה לוי כהן'

describe('a call of 26 on the page', () => {
  let browser: Browser | undefined
  let product: Embedded | undefined
  let url: string
  let page: Page
  let host: Parley
  const people: Parley[] = []
  const rooms = new Map<string, Room>()
  const roomOf = (name: string): Room => {
    const room = rooms.get(name)
    if (!room) throw new Error(`${name} is not here`)
    return room
  }
  const firstTile = () => page.locator(id('tile')).first().getAttribute('data-name')
  const focused = () =>
    page.evaluate(() => document.activeElement?.getAttribute('data-testid') ?? document.activeElement?.tagName)
  /** A share without pictures: what others see of it is that it goes on. */
  const blankScreen = { getTracks: () => [] } as unknown as MediaStream

  beforeAll(async () => {
    product = await startEmbedded()
    url = product.gateways[0] ?? ''
    browser = await startBrowser()
    host = await aPerson(url, 'Host')
    people.push(host)
    const { code } = await host.rest.createMeeting({ body: { title: longTitle, type: 'public' } })
    const join = async (parley: Parley, name: string) =>
      rooms.set(name, await parley.join({ code, device: { mic: false, cam: false } }))
    await join(host, 'Host')
    page = await visit(browser, url)
    // Keeps what the page opens, to take it away later as an unplugged device would be.
    await page.evaluate(() => {
      const opened: MediaStreamTrack[] = []
      Object.assign(window, { opened })
      const media = navigator.mediaDevices
      const open = media.getUserMedia.bind(media)
      media.getUserMedia = async (constraints) => {
        const stream = await open(constraints)
        opened.push(...stream.getTracks())
        return stream
      }
    })
    await signUp(page, 'Vera')
    await page.locator(id('new-meeting')).waitFor()
    await page.fill(id('join-code'), code)
    await page.click(id('join-submit'))
    await page.click(id('prejoin-join'))
    await page.locator(id('room')).waitFor()
    for (let number = 1; number <= 24; number++) {
      const name = number === 24 ? rtlName : `Person ${number}`
      const parley = createParley({ url, tokenDelivery: 'body' })
      people.push(parley)
      await parley.signInAsGuest({ name })
      await join(parley, name)
    }
    await page.locator(id('people-count'), { hasText: '26' }).waitFor()
  }, 180_000)
  afterAll(async () => {
    for (const parley of people) parley.close()
    await browser?.close()
    await product?.stop()
  }, 60_000)

  it('O8 many who join at once are one line, not a heap', async () => {
    expect(await page.locator(id('toast'), { hasText: 'joined' }).count()).toBeLessThanOrEqual(1)
  })

  it('O8 the tiles have pages, and a hand that is raised on the last page is seen on the first', async () => {
    expect(await page.locator(id('page-number')).textContent()).toMatch(/^1 of [2-9]$/)
    expect(await tileOf(page, rtlName).count()).toBe(0)
    await page.click(id('page-after'))
    await tileOf(page, rtlName).waitFor()
    await page.click(id('page-before'))
    await roomOf(rtlName).raiseHand()
    await eventually(async () => expect(await firstTile()).toBe(rtlName), 10_000)
    await roomOf(rtlName).lowerHand()
  }, 60_000)

  it('O8 one can pin a person, here only, and change to the speaker and back', async () => {
    await tileOf(page, 'Host').hover()
    await tileOf(page, 'Host').locator(id('pin')).click()
    await page.locator(`${id('large')} ${id('tile')}[data-name="Host"]`).waitFor()
    await page.locator(`${id('large')} ${id('pin')}`).click()
    expect(await page.locator(id('large')).count()).toBe(0)
    await page.keyboard.press('l')
    await page.locator(id('large')).waitFor()
    await page.keyboard.press('l')
    await page.locator(id('page-number')).waitFor()
  }, 60_000)

  it('R4 O8 the host shows one participant large to everybody, and an own pin counts for more', async () => {
    const large = page.locator(`${id('large')} ${id('tile')}`)
    const idOf = (name: string) => roomOf(name).state.get().self.id
    const show = (name: string, on: boolean) => roomOf('Host').spotlight(idOf(name), on)
    await show('Person 5', true)
    const shows = (name: string) => page.locator(`${id('large')} ${id('tile')}[data-name="${name}"]`).waitFor()
    await shows('Person 5')
    await large.locator(id('spotlit')).waitFor()
    expect(await axeViolations(page)).toEqual([])
    expect(await page.locator(id('spotlight')).count()).toBe(0)
    await tileOf(page, 'Host').hover()
    await tileOf(page, 'Host').locator(id('pin')).click()
    await shows('Host')
    await large.hover()
    await large.locator(id('pin')).click()
    await shows('Person 5')

    const own = () =>
      roomOf('Host')
        .state.get()
        .peers.find(({ name }) => name === 'Vera')
    await roomOf('Host').setRole(own()?.id ?? '', 'cohost')
    await tileOf(page, 'Person 7').hover()
    await tileOf(page, 'Person 7').locator(id('spotlight')).click()
    await shows('Person 7')
    await large.hover()
    await large.locator(id('spotlight')).click()
    await large.waitFor({ state: 'detached' })

    // 200 % zoom: a host's menu is higher than the window, and can be scrolled.
    await page.setViewportSize({ width: 640, height: 400 })
    await page.click(id('reactions'))
    expect((await page.locator('.menu__panel').boundingBox())?.y).toBeGreaterThanOrEqual(0)
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 1280, height: 720 })
    await roomOf('Host').setRole(own()?.id ?? '', 'participant')
    await page.locator(id('spotlight')).first().waitFor({ state: 'detached' })
  }, 60_000)

  it('O8 of two shared screens the newest is shown, one can choose, and each presenter keeps Stop', async () => {
    await roomOf('Person 1').startScreen(blankScreen)
    const shown = () => page.locator(id('presentation')).getAttribute('data-participant-id')
    const idOf = (name: string) => roomOf(name).state.get().self.id
    await eventually(async () => expect(await shown()).toBe(idOf('Person 1')), 10_000)
    await roomOf('Person 2').startScreen(blankScreen)
    await eventually(async () => expect(await shown()).toBe(idOf('Person 2')), 10_000)
    await page.locator(`${id('choose-presentation')}[data-participant-id="${idOf('Person 1')}"]`).click()
    await eventually(async () => expect(await shown()).toBe(idOf('Person 1')))
    await page.click(id('toggle-screen'))
    await page.locator(id('stop-presenting')).waitFor()
    expect(await page.locator(id('choose-presentation')).count()).toBe(3)
    await page.click(id('stop-presenting'))
    await roomOf('Person 1').stopScreen()
    await roomOf('Person 2').stopScreen()
    await eventually(async () => expect(await page.locator(id('presentation')).count()).toBe(0), 10_000)
  }, 60_000)

  it('O8 a device that the host switched off looks off before anybody tries it', async () => {
    const { id: meetingId } = roomOf('Host').state.get().meeting
    const set = (screenShare: boolean) =>
      host.rest.updateMeeting({ params: { id: meetingId }, body: { settings: { screenShare } } })
    await set(false)
    await eventually(async () => expect(await page.locator(id('toggle-screen')).isDisabled()).toBe(true), 10_000)
    expect(await page.locator(id('toggle-screen')).getAttribute('title')).toBe('The host has turned off screen sharing')
    await set(true)
    await eventually(async () => expect(await page.locator(id('toggle-screen')).isEnabled()).toBe(true), 10_000)
  }, 60_000)

  it('O8 the focus goes back to where it was, and a draft outlives its panel', async () => {
    await page.click(id('more'))
    await page.click(id('open-settings'))
    // Once it is open, and not only there, Escape is for it.
    await page.locator(`dialog[open] ${id('sound-join')}`).waitFor({ state: 'attached' })
    await page.keyboard.press('Escape')
    await eventually(async () => expect(await focused()).toBe('more'))
    await page.click(id('open-chat'))
    await page.fill(id('chat-input'), 'half a thought')
    await page.keyboard.press('Escape')
    await eventually(async () => expect(await focused()).toBe('open-chat'))
    await page.click(id('open-chat'))
    expect(await page.inputValue(id('chat-input'))).toBe('half a thought')
    await page.click(id('open-chat'))
  }, 60_000)

  it('O8 a microphone that is unplugged is replaced by another one, and one is told', async () => {
    await page.evaluate(() => {
      const { opened } = window as unknown as { opened: MediaStreamTrack[] }
      opened.findLast((track) => track.kind === 'audio')?.dispatchEvent(new Event('ended'))
    })
    await page.locator(id('toast'), { hasText: 'Your microphone is gone. Now using' }).waitFor()
    expect(await page.locator(id('toggle-mic')).getAttribute('aria-pressed')).toBe('true')
  }, 60_000)

  it('O8 Space unmutes while it is held, and a muted participant who speaks sees a hint', async () => {
    const isOn = () => page.locator(id('toggle-mic')).getAttribute('aria-pressed')
    await page.keyboard.press('m')
    await eventually(async () => expect(await isOn()).toBe('false'))
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
    await page.keyboard.down(' ')
    await eventually(async () => expect(await isOn()).toBe('true'))
    await page.keyboard.up(' ')
    await eventually(async () => expect(await isOn()).toBe('false'))
    // The made-up microphone beeps all the time.
    await page.locator(id('muted-hint')).waitFor()
  }, 60_000)

  it.each([
    [320, 640],
    [390, 844],
    [768, 1024],
    [1280, 800],
    // 1280 × 800 at 200 % zoom.
    [640, 400],
  ])(
    'O8 at %d × %d nothing is cut off by a long title or a name from right to left',
    async (width, height) => {
      await page.setViewportSize({ width, height })
      await eventually(async () => expect(await overflowOf(page)).toBe(0))
      const leave = await page.locator(id('leave')).boundingBox()
      expect((leave?.x ?? width) + (leave?.width ?? 0)).toBeLessThanOrEqual(width)
    },
    30_000,
  )

  it('O8 every button can be made out under the mouse, on or off, pressed or not', async () => {
    await page.setViewportSize({ width: 1280, height: 800 })
    await roomOf('Person 3').raiseHand()
    await page.locator(id('toast')).first().waitFor()
    const all: Awaited<ReturnType<typeof faintUnderMouse>>[] = [await faintUnderMouse(page, '.toast button')]
    await page.click(id('open-people'))
    for (const theme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: theme })
      for (let time = 0; time < 2; time++) {
        await page.click(id('toggle-mic'))
        all.push(await faintUnderMouse(page, '.controls button'))
      }
      all.push(await faintUnderMouse(page, '[data-testid="tile"]:first-child button, .panel__header button'))
    }
    await page.emulateMedia({ colorScheme: null })
    await page.click(id('open-people'))
    await roomOf('Person 3').lowerHand()
    expect(all.flatMap(({ faint }) => faint)).toEqual([])
    expect(all.filter(({ tried }) => tried === 0)).toEqual([])
  }, 60_000)

  it('O8 axe finds nothing wrong in a call, with chat, people and settings open', async () => {
    await page.setViewportSize({ width: 1280, height: 800 })
    expect(await axeViolations(page)).toEqual([])
    await page.click(id('open-people'))
    expect(await axeViolations(page)).toEqual([])
    await page.click(id('open-chat'))
    expect(await axeViolations(page)).toEqual([])
    await page.click(id('more'))
    await page.click(id('open-settings'))
    expect(await axeViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
  }, 60_000)

  it('O8 the start page holds a long title at every width, its tabs take arrow keys, and axe finds nothing', async () => {
    await page.goto(url)
    await page.locator(id('meeting-card')).first().waitFor()
    for (const width of [320, 390, 560, 768, 900, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      expect(await overflowOf(page), `${width} px`).toBe(0)
    }
    expect(await axeViolations(page)).toEqual([])
    await page.focus(id('tab-mine'))
    await page.keyboard.press('ArrowRight')
    expect(await focused()).toBe('tab-active')
    expect(await page.locator(id('tab-active')).getAttribute('aria-selected')).toBe('true')
  }, 60_000)

  it('O8 axe finds nothing wrong on the account, on the page of a meeting and at its door', async () => {
    const { id: meetingId, code } = roomOf('Host').state.get().meeting
    for (const [path, ready] of [
      ['/account', 'avatar-choose'],
      [`/meetings/${meetingId}`, 'details'],
      [`/m/${code}`, 'prejoin-join'],
    ] as const) {
      await page.goto(url + path)
      await page.locator(id(ready)).waitFor()
      for (const width of [320, 1280]) {
        await page.setViewportSize({ width, height: 800 })
        expect(await overflowOf(page), `${path} at ${width} px`).toBe(0)
      }
      expect(await axeViolations(page), path).toEqual([])
    }
  }, 60_000)
})
