import { eventually } from '@parley/kit/testing'
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import { receivedMedia, watchPeerConnections } from './browser.ts'
import { anEmail, password } from './people.ts'

/** The selector of what the page calls `name`. */
export const id = (name: string) => `[data-testid="${name}"]`

/** Somebody at the page, in a browser profile of their own; `hint` overrides which node the gateway takes. */
export async function visit(browser: Browser, gateway: string, hint?: string): Promise<Page> {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] })
  const page = await context.newPage()
  page.setDefaultTimeout(40_000)
  await watchPeerConnections(page)
  if (hint !== undefined) {
    await page.route(/\/v1\/meetings\/(join|[^/]+\/room-token)$/, async (route) => {
      const response = await route.fetch()
      const joining = (await response.json()) as { signalingUrl?: string }
      const signalingUrl = joining.signalingUrl?.replace(/meeting=[^&]+/, `meeting=${hint}`)
      await route.fulfill({ response, json: { ...joining, ...(signalingUrl !== undefined && { signalingUrl }) } })
    })
  }
  await page.goto(gateway)
  return page
}

export async function signUp(page: Page, name: string, email = anEmail()): Promise<void> {
  await page.click(id('tab-signup'))
  await page.fill(id('signup-name'), name)
  await page.fill(id('signup-email'), email)
  await page.fill(id('signup-password'), password)
  await page.click(id('signup-submit'))
}

export async function say(page: Page, text: string): Promise<void> {
  await page.fill(id('chat-input'), text)
  await page.click(id('chat-send'))
}

export const hears = (page: Page, text: string) => page.locator(id('chat-message'), { hasText: text }).waitFor()
export const tileOf = (page: Page, name: string) => page.locator(`${id('tile')}[data-name="${name}"]`)

/** Waits until pictures and sound have arrived for two seconds or so. */
export async function receives(page: Page): Promise<void> {
  await eventually(async () => {
    const { framesDecoded, audioPackets } = await receivedMedia(page)
    expect(framesDecoded).toBeGreaterThan(30)
    expect(audioPackets).toBeGreaterThan(30)
  }, 30_000)
}
