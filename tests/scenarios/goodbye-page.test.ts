import type { Parley, Room } from '@parley/client'
import { eventually } from '@parley/kit/testing'
import type { Browser as Chromium } from 'playwright-core'
import type { Browser as Firefox } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { startFirefox } from '../support/firefox.ts'
import { id } from '../support/pages.ts'
import { aPerson } from '../support/people.ts'
import { startEmbedded, type Embedded } from '../support/product.ts'

/** Of both browsers: what we use of a page. */
interface AnyPage {
  goto(url: string): Promise<unknown>
  reload(): Promise<unknown>
  close(): Promise<void>
  evaluate(script: string): Promise<unknown>
}

describe.each(['chromium', 'firefox'] as const)('a page of %s that goes away', (which) => {
  let product: Embedded
  let browser: Chromium | Firefox
  let watcher: Parley
  let room: Room
  let url: string
  let code: string
  /** The people who were seen to come and go. */
  const seen: string[] = []

  beforeAll(async () => {
    product = await startEmbedded()
    url = product.gateways[0] ?? ''
    browser = which === 'firefox' ? await startFirefox() : await startBrowser()
    watcher = await aPerson(url, 'Watcher')
    ;({ code } = await watcher.rest.createMeeting({ body: { type: 'public' } }))
    room = await watcher.join({ code, device: { mic: false, cam: false } })
    let before = new Map(room.state.get().peers.map(({ id: peer, name }) => [peer, name]))
    room.state.subscribe(() => {
      const now = new Map(room.state.get().peers.map(({ id: peer, name }) => [peer, name]))
      for (const [peer, name] of now) if (!before.has(peer)) seen.push(`${name} came`)
      for (const [peer, name] of before) if (!now.has(peer)) seen.push(`${name} left`)
      before = now
    })
  }, 120_000)
  afterAll(async () => {
    watcher.close()
    await Promise.all([browser.close(), product.stop()])
  }, 60_000)

  const has = (page: AnyPage, name: string) =>
    eventually(async () => {
      if ((await page.evaluate(`document.querySelector('${id(name)}') !== null`)) !== true)
        throw new Error(`no ${name}`)
    }, 30_000)
  const enter = async (name: string): Promise<AnyPage> => {
    const context = 'newContext' in browser ? await browser.newContext() : await browser.createBrowserContext()
    const page = (await context.newPage()) as unknown as AnyPage
    await page.goto(`${url}/m/${code}`)
    await has(page, 'guest-name')
    await page.evaluate(`(() => {
      const field = document.querySelector('${id('guest-name')}')
      field.value = ${JSON.stringify(name)}
      field.dispatchEvent(new Event('input', { bubbles: true }))
      return new Promise((resolve) => setTimeout(resolve, 300))
    })()`)
    await page.evaluate(`document.querySelector('${id('guest-submit')}').click()`)
    await has(page, 'prejoin-join')
    await page.evaluate(`document.querySelector('${id('prejoin-join')}').click()`)
    await has(page, 'room')
    await eventually(() => expect(seen).toContain(`${name} came`), 20_000)
    return page
  }
  const peer = (name: string) => room.state.get().peers.find((one) => one.name === name)

  it('M10 R8 is gone for the others before the grace of its socket is over, when it follows a link out', async () => {
    const page = await enter('Lars')
    const left = performance.now()
    await page.goto(`${url}/`)
    await eventually(() => expect(peer('Lars')).toBeUndefined(), 20_000)
    console.log(`${which}: gone after ${Math.round(performance.now() - left)} ms`)
    await page.close()
  }, 120_000)

  it('R8 M10 is the same participant after a reload, which nobody sees if it is quick, and needs no click', async () => {
    const page = await enter('Rita')
    await page.evaluate(`document.querySelector('${id('toggle-hand')}').click()`)
    await eventually(() => expect(peer('Rita')?.hand).not.toBeNull(), 20_000)
    const before = peer('Rita')
    const reloadedAt = performance.now()
    await page.reload()
    await has(page, 'room')
    const tookMs = Math.round(performance.now() - reloadedAt)
    await eventually(() => expect(peer('Rita')?.connection).toBe('connected'), 20_000)
    expect(peer('Rita')?.id).toBe(before?.id)
    console.log(`${which}: back after ${tookMs} ms`)
    // The goodbye of the page before takes effect after 3 s.
    if (tookMs < 2_500) {
      expect(seen).not.toContain('Rita left')
      expect(peer('Rita')).toEqual({ ...before, connection: 'connected' })
    }
    await page.evaluate(`document.querySelector('${id('leave')}').click()`)
    await eventually(() => expect(peer('Rita')).toBeUndefined(), 20_000)

    // A place that was left is not taken again.
    await page.reload()
    await has(page, 'prejoin-join')
    expect(peer('Rita')).toBeUndefined()
    await page.close()
  }, 120_000)

  it('R8 asks at the door when the call is reached again in another way than by a reload', async () => {
    const page = await enter('Nils')
    await page.goto(`${url}/`)
    await eventually(() => expect(peer('Nils')).toBeUndefined(), 20_000)
    await page.goto(`${url}/m/${code}`)
    await has(page, 'prejoin-join')
    expect(peer('Nils')).toBeUndefined()
    await page.close()
  }, 120_000)
})
