import { eventually } from '@parley/kit/testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { hears, id, visit } from '../support/pages.ts'
import { anEmail, aPerson, password } from '../support/people.ts'
import { startEmbedded, type Embedded } from '../support/product.ts'

const mostTabs = 120

const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement
    return { name: element?.getAttribute('data-testid') ?? '', visible: element?.matches(':focus-visible') === true }
  })

/** Goes on with `key` until the focus is on what the page calls `name`, and can be seen there. */
async function reach(page: Page, name: string, key = 'Tab'): Promise<void> {
  await page.locator(id(name)).first().waitFor()
  const seen: string[] = []
  for (let pressed = 0; pressed < mostTabs; pressed += 1) {
    const now = await focused(page)
    if (now.name === name) return expect(now.visible, `the focus on ${name} can be seen`).toBe(true)
    seen.push(now.name)
    await page.keyboard.press(key)
  }
  throw new Error(`${name} cannot be reached: ${[...new Set(seen)].join(', ')}`)
}

async function press(page: Page, name: string): Promise<void> {
  await reach(page, name)
  await page.keyboard.press('Enter')
}

async function write(page: Page, name: string, text: string): Promise<void> {
  await reach(page, name)
  await page.keyboard.type(text)
}

describe('the page by keyboard alone', () => {
  let browser: Browser | undefined
  let product: Embedded | undefined
  let page: Page
  let code: string
  let url: string

  beforeAll(async () => {
    product = await startEmbedded()
    url = product.gateways[0] ?? ''
    browser = await startBrowser()
    const host = await aPerson(url, 'Host')
    code = (await host.rest.createMeeting({ body: { type: 'public' } })).code
    host.close()
    page = await visit(browser, url)
  }, 90_000)
  afterAll(async () => {
    await browser?.close()
    await product?.stop()
  }, 60_000)

  it('O8 one signs up, schedules a meeting, changes it, and finds the account', async () => {
    await reach(page, 'tab-signin')
    await reach(page, 'tab-signup', 'ArrowRight')
    await write(page, 'signup-name', 'Kay')
    await write(page, 'signup-email', anEmail())
    await write(page, 'signup-password', password)
    await page.keyboard.press('Enter')
    await press(page, 'schedule-meeting')
    await write(page, 'create-title', 'By keyboard')
    await press(page, 'create-submit')
    await press(page, 'meeting-details')
    await write(page, 'details-title', 'Without a mouse')
    await press(page, 'details-save')
    await page.locator('h1', { hasText: 'Without a mouse' }).waitFor()
    await press(page, 'account-menu')
    await press(page, 'open-account')
    await reach(page, 'account-name')
  }, 60_000)

  it('O8 one joins, speaks, chats, looks at people and settings, and leaves', async () => {
    await page.goto(url)
    await write(page, 'join-code', code)
    await page.keyboard.press('Enter')
    await press(page, 'prejoin-join')
    await page.locator(id('room')).waitFor()
    const mic = () => page.locator(id('toggle-mic')).getAttribute('aria-label')
    const before = await mic()
    await press(page, 'toggle-mic')
    await eventually(async () => expect(await mic()).not.toBe(before))
    await press(page, 'open-chat')
    await write(page, 'chat-input', 'Hello by keyboard')
    await page.keyboard.press('Enter')
    await hears(page, 'Hello by keyboard')
    await press(page, 'open-people')
    await press(page, 'close-panel')
    await press(page, 'more')
    await press(page, 'open-settings')
    await reach(page, 'pick-mic')
    await page.keyboard.press('Escape')
    await press(page, 'leave')
    await press(page, 'go-home')
    await reach(page, 'join-code')
  }, 60_000)
})
