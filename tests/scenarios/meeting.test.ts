import { eventually } from '@parley/kit/testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { receivedMedia, startBrowser } from '../support/browser.ts'
import { hintFor, socketsOf } from '../support/nodes.ts'
import { hears, id, receives, say, signUp, tileOf, visit } from '../support/pages.ts'
import { startEmbedded, startStack, type Product, type StackFile } from '../support/product.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

/** As `meet`; when it fails, what both pages showed is told with it. */
async function meetOrTell(ada: Page, ben: Page): Promise<void> {
  try {
    await meet(ada, ben)
  } catch (error) {
    const shown = await Promise.all([ada, ben].map((page) => page.locator('body').innerText()))
    throw new Error(`Ada's page:\n${shown[0]}\n\nBen's page:\n${shown[1]}`, { cause: error })
  }
}

/** Two people meet by code, see and hear each other, chat, raise hands, react, reload, and leave. */
async function meet(ada: Page, ben: Page): Promise<void> {
  await signUp(ada, 'Ada')
  await signUp(ben, 'Ben')
  await ada.click(id('new-meeting'))
  await ada.click(id('prejoin-join'))
  const code = (await ada.locator(id('meeting-code')).first().textContent())?.trim() ?? ''
  expect(code).toMatch(/[a-z]{3}-[a-z]{4}-[a-z]{3}/)

  await ben.fill(id('join-code'), code)
  await ben.click(id('join-submit'))
  await ben.click(id('prejoin-join'))
  await tileOf(ada, 'Ben').waitFor()
  await tileOf(ben, 'Ada').waitFor()
  await Promise.all([receives(ada), receives(ben)])

  await ada.click(id('open-chat'))
  await ben.click(id('open-chat'))
  await say(ada, 'hello Ben')
  await hears(ben, 'hello Ben')
  await say(ben, 'hello Ada')
  await hears(ada, 'hello Ada')

  await ben.click(id('toggle-hand'))
  await tileOf(ada, 'Ben').locator(id('hand-badge')).waitFor()
  await ben.click(id('reactions'))
  await ben.click(id('reaction-0'))
  await ada.locator(id('reaction-shown')).first().waitFor()

  await ben.reload()
  await ben.click(id('open-chat'))
  await hears(ben, 'hello Ben')
  await hears(ben, 'hello Ada')
  await receives(ben)
  const had = (await receivedMedia(ada)).framesDecoded
  await eventually(async () => expect((await receivedMedia(ada)).framesDecoded).toBeGreaterThan(had + 30), 30_000)

  const leaving = Date.now()
  await ben.click(id('leave'))
  await eventually(async () => expect(await tileOf(ada, 'Ben').count()).toBe(0), 5_000)
  process.stdout.write(`leaving was seen after ${Date.now() - leaving} ms\n`)
}

describe('two people in real browsers', () => {
  it('R1 R2 R3 C1 C2 O8 meet on the embedded product', async () => {
    const product: Product = await startEmbedded()
    try {
      const url = product.gateways[0] ?? ''
      await meetOrTell(await visit(browser, url), await visit(browser, url))
    } finally {
      await product.stop()
    }
  }, 300_000)

  it('R7 meet on the distributed product, each on another signaling node, through another gateway', async () => {
    const product: Product & { file: StackFile } = await startStack()
    try {
      const [first, second] = product.file.signaling
      const [left, right] = product.gateways
      if (!first || !second || !left || !right) throw new Error('the stack is not as it was asked for')
      const ada = await visit(browser, left, await hintFor(first.url, left))
      const ben = await visit(browser, right, await hintFor(second.url, right))
      await meetOrTell(ada, ben)
      expect(await socketsOf(first.url)).toBeGreaterThan(0)
    } finally {
      await product.stop()
    }
  }, 300_000)
})
