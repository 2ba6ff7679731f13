import { eventually, janusSettings, startJanus, type RunningJanus } from '@parley/kit/testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { id, signUp, visit } from '../support/pages.ts'
import { anEmail, password, rest } from '../support/people.ts'
import { startEmbedded, type Embedded } from '../support/product.ts'

describe('recording on the page', () => {
  let browser: Browser | undefined
  let janus: RunningJanus | undefined
  let product: Embedded | undefined
  let url: string
  let host: Page
  let guest: Page
  let details: string

  beforeAll(async () => {
    janus = await startJanus()
    for (const [name, value] of Object.entries(janusSettings([janus]))) vi.stubEnv(name, value)
    product = await startEmbedded()
    url = product.gateways[0] ?? ''
    browser = await startBrowser()
    host = await visit(browser, url)
    const account = { email: anEmail(), password, name: 'Hanna', tokenDelivery: 'body' }
    const token = String((await rest('POST', `${url}/v1/auth/register`, { body: account })).body['accessToken'])
    const body = { type: 'public' }
    const { id: meetingId, code } = (await rest('POST', `${url}/v1/meetings`, { token, body })).body
    details = `${url}/meetings/${String(meetingId)}`
    await host.click(id('tab-signin'))
    await host.fill(id('signin-email'), account.email)
    await host.fill(id('signin-password'), password)
    await host.click(id('signin-submit'))
    await host.locator(id('new-meeting')).waitFor()
    await host.goto(`${url}/m/${String(code)}`)
    await host.click(id('prejoin-join'))
    await host.locator(id('room')).waitFor()
    guest = await visit(browser, url)
    await signUp(guest, 'Gita')
    await guest.locator(id('new-meeting')).waitFor()
    await guest.goto(`${url}/m/${String(code)}`)
  }, 120_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    await browser?.close()
    await product?.stop()
    await janus?.stop()
  }, 60_000)

  it('V3 a host records: everybody sees it, later participants too, and the film plays and seeks on the meeting’s page', async () => {
    await host.click(id('more'))
    await host.click(id('open-meeting-settings'))
    await host.locator(id('setting-recording')).check({ force: true })
    await eventually(async () => expect(await host.isChecked(id('setting-recording'))).toBe(true))
    await host.keyboard.press('Escape')
    await host.click(id('more'))
    await host.click(id('toggle-recording'))
    await host.locator(id('recording-notice')).waitFor()
    await host.click(id('recording-agree'))
    await host.locator(`${id('recording-badge')}[data-status="recording"]`).waitFor()
    await guest.click(id('prejoin-join'))
    await guest.locator(id('recording-notice')).waitFor()
    expect(await guest.locator(id('recording-notice')).textContent()).toContain('being recorded')
    await guest.click(id('recording-agree'))
    await guest.locator(id('recording-badge')).waitFor()
    expect(await guest.locator(id('recording-notice')).count()).toBe(0)
    await new Promise((resolve) => setTimeout(resolve, 6_000))
    await host.click(id('more'))
    await host.click(id('toggle-recording'))
    await eventually(async () => expect(await guest.locator(id('recording-badge')).count()).toBe(0), 20_000)

    await host.goto(details)
    await host.locator(`${id('recording')}[data-status="ready"]`).waitFor({ timeout: 60_000 })
    await host.click(id('recording-play'))
    const video = host.locator(id('recording-video'))
    await eventually(
      async () => expect(await video.evaluate((element) => (element as HTMLVideoElement).duration)).toBeGreaterThan(4),
      20_000,
    )
    await video.evaluate((element) => ((element as HTMLVideoElement).currentTime = 3))
    await eventually(async () => {
      const { time, width } = await video.evaluate((element) => {
        const { currentTime: time, videoWidth: width, seeking } = element as HTMLVideoElement
        return { time: seeking ? 0 : time, width }
      })
      expect(time).toBeGreaterThanOrEqual(3)
      expect(width).toBeGreaterThan(0)
    }, 20_000)
    await host.click(id('recording-delete'))
    await host.click(id('recording-delete-confirm'))
    await eventually(async () => expect(await host.locator(id('recording')).count()).toBe(0), 10_000)
  }, 180_000)
})
