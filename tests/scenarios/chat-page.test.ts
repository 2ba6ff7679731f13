import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { hears, id, say, signUp, visit } from '../support/pages.ts'
import { anEmail, password, rest } from '../support/people.ts'
import { startEmbedded, type Embedded } from '../support/product.ts'

describe('the chat of the page', () => {
  let browser: Browser | undefined
  let product: Embedded | undefined
  let url: string
  let ada: Page
  let ben: Page
  /** As Ada, over REST. */
  let rename: (title: string) => Promise<unknown>

  beforeAll(async () => {
    vi.stubEnv('CHAT_LIMIT_MESSAGES', '4')
    vi.stubEnv('CHAT_LIMIT_SECONDS', '10')
    product = await startEmbedded()
    url = product.gateways[0] ?? ''
    browser = await startBrowser()
    const account = { email: anEmail(), password, name: 'Ada', tokenDelivery: 'body' }
    const token = String((await rest('POST', `${url}/v1/auth/register`, { body: account })).body['accessToken'])
    const { id: meetingId, code } = (await rest('POST', `${url}/v1/meetings`, { token, body: { type: 'public' } })).body
    rename = (title) => rest('PATCH', `${url}/v1/meetings/${String(meetingId)}`, { token, body: { title } })
    ada = await visit(browser, url)
    await ada.click(id('tab-signin'))
    await ada.fill(id('signin-email'), account.email)
    await ada.fill(id('signin-password'), password)
    await ada.click(id('signin-submit'))
    ben = await visit(browser, url)
    await signUp(ben, 'Ben')
    for (const page of [ada, ben]) {
      await page.locator(id('new-meeting')).waitFor()
      await page.fill(id('join-code'), String(code))
      await page.click(id('join-submit'))
      await page.click(id('prejoin-join'))
      await page.click(id('open-chat'))
    }
  }, 180_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    await browser?.close()
    await product?.stop()
  }, 60_000)

  const message = (page: Page, text: string) => page.locator('.message', { hasText: text })
  const choose = async (page: Page, text: string, action: 'chat-edit' | 'chat-delete') => {
    await message(page, text).hover()
    await message(page, text).locator(id('chat-more')).click()
    await page.click(id(action))
  }

  it('C3 O8 one edits in place; a host deletes what somebody else wrote; both are seen by both', async () => {
    await say(ben, 'helo')
    await say(ben, 'not nice')
    await hears(ada, 'not nice')
    await message(ada, 'helo').hover()
    await message(ada, 'helo').locator(id('chat-more')).click()
    await ada.locator(id('chat-delete')).waitFor()
    expect(await ada.locator(id('chat-edit')).count()).toBe(0)
    await choose(ben, 'helo', 'chat-edit')
    await ben.fill(id('chat-edit-input'), 'nothing')
    await ben.press(id('chat-edit-input'), 'Escape')
    const opened = startsFocused(ben, 'chat-edit-input')
    await choose(ben, 'helo', 'chat-edit')
    expect(await opened).toEqual({ focused: true, caret: 'helo'.length })
    await ben.fill(id('chat-edit-input'), 'hello')
    await ben.press(id('chat-edit-input'), 'Enter')
    for (const page of [ada, ben]) await hears(page, 'hello (edited)')
    await choose(ada, 'not nice', 'chat-delete')
    await ada.click(id('chat-delete-confirm'))
    for (const page of [ada, ben]) {
      await page.locator(`${id('chat-message')}[data-state="deleted"]`).waitFor()
      expect(await page.locator(id('chat-message')).allTextContents()).toEqual(['hello (edited)', ' Message deleted'])
    }
  }, 120_000)

  it('C3 O8 notices of the meeting stand between the messages', async () => {
    await rename('The plan')
    for (const page of [ada, ben])
      await page.locator(id('chat-system'), { hasText: 'Ada renamed the meeting to “The plan”.' }).waitFor()
  }, 60_000)

  it('C4 O8 a person who writes too fast is asked to slow down, and all of it is sent', async () => {
    await hurry(ben, 8)
    await ben.locator(id('chat-slow-down')).first().waitFor()
    await hears(ada, 'quick 8')
    await ben.locator(`${id('chat-message')}[data-state="sent"]`, { hasText: 'quick 8' }).waitFor()
    const texts = await ada.locator(id('chat-message')).allTextContents()
    expect(texts.filter((text) => text.startsWith('quick'))).toEqual(
      Array.from({ length: 8 }, (_, n) => `quick ${n + 1}`),
    )
  }, 120_000)
})

/** How a field is when it appears, before anybody could type into it: whether it has the focus, and where its caret is. */
const startsFocused = (page: Page, name: string) =>
  page.evaluate(
    (selector) =>
      new Promise<{ focused: boolean; caret: number }>((resolve) => {
        const observer = new MutationObserver(() => {
          const field = document.querySelector<HTMLTextAreaElement>(selector)
          if (field === null) return
          observer.disconnect()
          resolve({ focused: document.activeElement === field, caret: field.selectionStart })
        })
        observer.observe(document.body, { childList: true, subtree: true })
      }),
    id(name),
  )

/** Writes faster than the browser can be driven from outside: each as soon as the page has taken the one before. */
const hurry = (page: Page, count: number) =>
  page.evaluate(async (last) => {
    const find = <E extends HTMLElement>(name: string) => document.querySelector<E>(`[data-testid="${name}"]`)
    const until = async (holds: () => boolean | undefined) => {
      while (holds() !== true) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    for (let n = 1; n <= last; n++) {
      const box = find<HTMLTextAreaElement>('chat-input')
      if (box === null) throw new Error('the chat is not open')
      box.value = `quick ${n}`
      box.dispatchEvent(new Event('input', { bubbles: true }))
      await until(() => find<HTMLButtonElement>('chat-send')?.disabled === false)
      find('chat-send')?.click()
      await until(() => box.value === '')
    }
  }, count)
