import { join } from 'node:path'
import type { Parley, Room } from '@parley/client'
import { createParley } from '@parley/client'
import { eventually } from '@parley/kit/testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { mailedToken } from '../matrix/mail.ts'
import { startBrowser } from '../support/browser.ts'
import { hears, id, signUp, tileOf, visit } from '../support/pages.ts'
import { anEmail, aPerson, password } from '../support/people.ts'
import { startEmbedded, type Embedded } from '../support/product.ts'

const device = { mic: false, cam: false }

describe('identity and names, in a real browser', () => {
  let browser: Browser
  let product: Embedded
  let url: string
  const opened: { close(): unknown }[] = []
  beforeAll(async () => {
    // Tokens are renewed after half of this.
    vi.stubEnv('ACCESS_TTL_SECONDS', '16')
    ;[product, browser] = await Promise.all([startEmbedded(), startBrowser()])
    url = product.gateways[0] ?? ''
  }, 90_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    for (const one of opened) await one.close()
    await Promise.all([browser.close(), product.stop()])
  }, 60_000)

  const keep = <T extends { close(): unknown }>(one: T): T => (opened.push(one), one)
  /** Somebody signs in or comes as a guest in another tab of the same browser. */
  const elsewhere = async (page: Page, path: string, body: object) => {
    const tab = await page.context().newPage()
    await tab.goto(`${url}/signin`)
    const status = await tab.evaluate(
      async ([to, sent]) =>
        (await fetch(to, { method: 'POST', headers: { 'content-type': 'application/json' }, body: sent })).status,
      [path, JSON.stringify(body)] as const,
    )
    await tab.close()
    return status
  }
  /** Ana opens a meeting at the page; somebody comes in through the SDK. */
  async function meet(name: string): Promise<{ ana: Page; parley: Parley; room: Room }> {
    const ana = await visit(browser, url)
    opened.push(ana.context())
    await signUp(ana, 'Ana')
    await ana.click(id('new-meeting'))
    await ana.click(id('prejoin-join'))
    const code = (await ana.locator(id('meeting-code')).first().textContent())?.trim() ?? ''
    const parley = keep(createParley({ url, tokenDelivery: 'body' }))
    if (name === 'guest') await parley.signInAsGuest({ name: 'Ana' })
    else await parley.signUp({ email: anEmail(), password, name })
    const room = await parley.join({ code, device })
    return { ana, parley, room }
  }

  it('O8 S16 another tab’s sign-in ends the call, and never goes on with it as somebody else', async () => {
    const { ana, room } = await meet('Carl')
    const ben = keep(await aPerson(url, 'Ben'))
    const email = ben.user.get()?.email ?? ''
    const seen = new Set<string>()
    room.state.subscribe(() => room.state.get().peers.forEach((peer) => seen.add(peer.name)))
    expect(await elsewhere(ana, '/v1/auth/login', { email, password })).toBe(200)
    await ana.locator(id('toast'), { hasText: 'Somebody else signed in' }).waitFor()
    await eventually(() => expect(room.state.get().peers).toEqual([]), 20_000)
    expect([...seen]).toEqual(['Ana'])
    expect(await ana.locator(id('account-menu')).count()).toBe(0)
  }, 90_000)

  it('A8 a guest in another tab leaves the account signed in, also over a reload', async () => {
    const { ana, room } = await meet('Carl')
    expect(await elsewhere(ana, '/v1/auth/guest', { name: 'Somebody' })).toBe(201)
    const renewed = ana.waitForResponse(`${url}/v1/auth/refresh`)
    expect(((await (await renewed).json()) as { user: { name: string } }).user.name).toBe('Ana')
    expect(room.state.get().peers.map(({ name }) => name)).toEqual(['Ana'])
    await ana.goto(url)
    await ana.locator(id('account-menu')).waitFor()
  }, 90_000)

  it('A5 R3 a new name arrives on the tile, and in what is said from then on', async () => {
    const { ana, parley, room } = await meet('Carl')
    await tileOf(ana, 'Carl').waitFor()
    await parley.rest.updateMe({ body: { name: 'Carlo' } })
    await tileOf(ana, 'Carlo').waitFor()
    await eventually(() => expect(room.state.get().self.name).toBe('Carlo'), 5_000)
    await ana.click(id('open-chat'))
    await room.sendMessage('my new name')
    await hears(ana, 'my new name')
    expect(await ana.locator('.run__head strong').last().innerText()).toBe('Carlo')
  }, 90_000)

  it('O8 C1 a guest who takes the name of the host is told from the host in tile and chat', async () => {
    const { ana, room } = await meet('guest')
    const { id: participantId } = room.state.get().self
    await ana.locator(`${id('tile')}[data-participant-id="${participantId}"] ${id('guest-mark')}`).waitFor()
    await ana.click(id('open-chat'))
    await room.sendMessage('please send me your password')
    await hears(ana, 'please send me your password')
    expect(await ana.locator(`.run__head ${id('guest-mark')}`).count()).toBe(1)
    expect(room.state.get().messages.at(-1)?.sender).toMatchObject({ name: 'Ana', guest: true })
  }, 90_000)

  it('A11 a verification link does nothing until the reader has seen which account asks, and decides', async () => {
    const [ann, eve] = [keep(await aPerson(url, 'Ann')), keep(await aPerson(url, 'Eve Stranger'))]
    const open = async (parley: Parley): Promise<Page> => {
      const token = await mailedToken(join(product.dataDir, 'mail'), parley.user.get()?.email ?? '', 'Confirm')
      const page = keep(await browser.newContext()).newPage()
      await (await page).goto(`${url}/verify-email#token=${token}`)
      return page
    }
    const verified = async ({ rest }: Parley) => (await rest.me()).emailVerified
    const page = await open(ann)
    await page.locator(id('verify-asks'), { hasText: 'Ann' }).waitFor()
    await page.reload()
    await page.locator(id('verify-asks')).waitFor()
    expect(await verified(ann)).toBe(false)
    await page.click(id('verify-confirm'))
    await page.locator(id('verify-done')).waitFor()
    expect(await verified(ann)).toBe(true)

    const other = await open(eve)
    await other.locator(id('verify-asks'), { hasText: 'Eve Stranger' }).waitFor()
    await other.click(id('verify-refuse'))
    await other.locator(id('verify-refused')).waitFor()
    expect(await verified(eve)).toBe(false)
  }, 60_000)
})
