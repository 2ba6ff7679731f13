/**
 * Takes a picture of each state of the web page that people see, and asks axe about each: `node tests/programs/screens.ts <folder>`. For
 * looking at them after a change of the page, which has to be built; ends with 1 if axe finds something, or a page is wider than its window.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createParley, type Parley, type Room } from '@parley/client'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { axeViolations, overflowOf } from '../support/axe.ts'
import { startBrowser } from '../support/browser.ts'
import { id, say, signUp } from '../support/pages.ts'
import { startEmbedded } from '../support/product.ts'

const [folder = 'screens'] = process.argv.slice(2)
const longTitle = 'The quarterly planning of everything that all of our teams do in the next year '.padEnd(80, '!')
const names = [
  'דנה לוי כהן',
  'محمد بن عبد الله',
  'Bartholomew Featherstonehaugh-Cholmondeley the Third of Somewhere',
  'Bo',
]
const sizes = { phone390: [390, 844], phone320: [320, 640], tablet768: [768, 1024], desktop: [1280, 800] } as const
/** 200 % zoom of the desktop's window. */
const zoom = [640, 400] as const
type Size = keyof typeof sizes

await mkdir(folder, { recursive: true })
const product = await startEmbedded({ env: { RATE_LIMITS: 'off', BCRYPT_COST: '4' } })
const browser = await startBrowser()
const url = product.gateways[0] ?? ''
const guests: { parley: Parley; room: Room }[] = []
let faults = 0

/** A share without pictures: what others see of it is that it goes on. */
const blankScreen = { getTracks: () => [] } as unknown as MediaStream

async function take(page: Page, name: string, size: Size | 'zoom' = 'desktop'): Promise<void> {
  const [width, height] = size === 'zoom' ? zoom : sizes[size]
  await page.setViewportSize({ width, height })
  // A toast, or a name that shows for a moment, is not what the picture is about.
  await page.waitForTimeout(700)
  await page.screenshot({ path: join(folder, `${name}.png`) })
  const found = [...(await axeViolations(page)), ...((await overflowOf(page)) > 0 ? ['wider than its window'] : [])]
  faults += found.length
  console.log(`${name}: ${found.length === 0 ? 'ok' : found.join('\n  ')}`)
}

async function visitor(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'], ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(40_000)
  await page.goto(url)
  return page
}

/** People without pictures, until there are `count` in the call with those on pages. */
async function fill(code: string, count: number, onPages: number): Promise<void> {
  while (guests.length + onPages < count) {
    const parley = createParley({ url, tokenDelivery: 'body' })
    await parley.signInAsGuest({ name: names[guests.length] ?? `Person ${guests.length + 1}` })
    guests.push({ parley, room: await parley.join({ code, device: { mic: guests.length % 3 === 0, cam: false } }) })
  }
}

async function enter(page: Page, code: string, name: string): Promise<void> {
  await page.goto(`${url}/m/${code}`)
  await page.fill(id('guest-name'), name)
  await page.click(id('guest-submit'))
  await page.click(id('prejoin-join'))
  await page.locator(id('room')).waitFor()
}

const inAllSizes = async (page: Page, name: string): Promise<void> => {
  for (const size of Object.keys(sizes) as Size[]) await take(page, `${name}-${size}`, size)
}

try {
  const vera = await visitor()
  await take(vera, '01-welcome')
  await signUp(vera, 'Vera')
  await vera.locator(id('new-meeting')).waitFor()
  await take(vera, '02-start-empty')
  const code = await vera.evaluate(
    async ({ title, rtl }) => {
      const login = await fetch('/v1/auth/refresh', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      })
      const { accessToken } = (await login.json()) as { accessToken: string }
      const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' }
      const make = async (body: object) => {
        const answer = await fetch('/v1/meetings', { method: 'POST', headers, body: JSON.stringify(body) })
        return ((await answer.json()) as { code: string }).code
      }
      await make({ title: rtl, scheduledAt: new Date(Date.now() + 86_400_000).toISOString() })
      return make({ title, type: 'public' })
    },
    { title: longTitle, rtl: 'ישיבת צוות שבועית' },
  )
  await vera.goto(url)
  await vera.locator(id('meeting-card')).first().waitFor()
  await inAllSizes(vera, '03-start')
  await vera.goto(`${url}/m/${code}`)
  await vera.locator(id('prejoin-join')).waitFor()
  await inAllSizes(vera, '04-prejoin')
  await vera.click(id('prejoin-join'))
  await vera.locator(id('room')).waitFor()
  await take(vera, '05-call-1')
  const ben = await visitor({ viewport: { width: 390, height: 844 } })
  await enter(ben, code, 'Ben')
  await take(vera, '06-call-2')
  await fill(code, 4, 2)
  await inAllSizes(vera, '07-call-4')
  await fill(code, 9, 2)
  await take(vera, '08-call-9')
  const spotlightOf = (name: string) => vera.locator(`${id('tile')}[data-name="${name}"] ${id('spotlight')}`)
  await vera.locator(`${id('tile')}[data-name="Bo"]`).hover()
  await spotlightOf('Bo').click()
  await inAllSizes(vera, '08-spotlight')
  await vera.setViewportSize({ width: 1280, height: 800 })
  await vera.locator(id('large')).hover()
  await spotlightOf('Bo').click()
  await guests[0]?.room.startScreen(blankScreen)
  await guests[1]?.room.startScreen(blankScreen)
  await inAllSizes(vera, '09-two-presenters')
  await guests[0]?.room.stopScreen()
  await guests[1]?.room.stopScreen()
  await fill(code, 26, 2)
  await guests.at(-1)?.room.raiseHand()
  await inAllSizes(vera, '10-call-26')
  await vera.click(id('open-people'))
  await inAllSizes(vera, '11-people')
  await vera.setViewportSize({ width: 1280, height: 800 })
  await vera.click(id('open-chat'))
  await say(vera, 'Hello all, here is the plan: https://example.org/plan')
  await guests[0]?.room.sendMessage('שלום לכולם, מה שלומכם היום?')
  await inAllSizes(vera, '12-chat')
  await vera.setViewportSize({ width: 1280, height: 800 })
  await vera.click(id('open-chat'))
  await vera.click(id('more'))
  await take(vera, '13-more-menu')
  await vera.click(id('open-meeting-settings'))
  await inAllSizes(vera, '14-host-panel')
  await vera.keyboard.press('Escape')
  await vera.setViewportSize({ width: zoom[0], height: zoom[1] })
  await vera.click(id('reactions'))
  await take(vera, '14-zoom-host-menu', 'zoom')
  await vera.keyboard.press('Escape')
  await vera.setViewportSize({ width: 1280, height: 800 })
  await vera.click(id('more'))
  await vera.click(id('open-settings'))
  await take(vera, '15-settings')
  await vera.keyboard.press('Escape')
  const zoomed = await visitor({ viewport: { width: zoom[0], height: zoom[1] }, deviceScaleFactor: 2 })
  await take(zoomed, '16-zoom-welcome', 'zoom')
  await enter(zoomed, code, 'Zora')
  await take(zoomed, '16-zoom-call', 'zoom')
  await zoomed.click(id('open-chat'))
  await take(zoomed, '16-zoom-chat', 'zoom')
  await zoomed.click(id('close-panel'))
  await zoomed.click(id('reactions'))
  await take(zoomed, '16-zoom-more-menu', 'zoom')
  await zoomed.click(id('open-settings'))
  await take(zoomed, '16-zoom-settings', 'zoom')
  await zoomed.keyboard.press('Escape')
  const dark = await visitor({ colorScheme: 'dark' })
  await take(dark, '17-dark-welcome')
  await enter(dark, code, 'Dora')
  await inAllSizes(dark, '17-dark-call')
  await dark.click(id('open-people'))
  await take(dark, '17-dark-people')
  await dark.click(id('open-chat'))
  await take(dark, '17-dark-chat')
  await dark.click(id('more'))
  await dark.click(id('open-settings'))
  await take(dark, '17-dark-settings')
  await dark.keyboard.press('Escape')
  await vera.click(id('leave'))
  await take(vera, '18-left')
} finally {
  for (const { parley } of guests) parley.close()
  await browser.close()
  await product.stop()
}
process.exitCode = faults === 0 ? 0 : 1
