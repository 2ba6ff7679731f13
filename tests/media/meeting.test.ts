import type { Browser } from 'playwright-core'
import type { Browser as FirefoxBrowser } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { startFirefox } from '../support/firefox.ts'
import { flows, othersThan, seeOneAnother, visitAs, type Colour, type Visitor } from '../support/meeting-pages.ts'
import { anEmail } from '../support/people.ts'
import type { Way } from './page/meeting-page.ts'
import { startEmbedded, startStack, type Product } from '../support/product.ts'

/** Browsers on the distributed product with Janus and coturn; all they know of it is the gateway's URL. */
let product: Product
let chromium: Browser
let firefox: FirefoxBrowser
const visitors: Visitor[] = []

beforeAll(async () => {
  product = await startStack(['--janus', '1', '--turn'])
  chromium = await startBrowser()
  firefox = await startFirefox()
}, 120_000)
afterEach(async () => {
  await Promise.all(visitors.splice(0).map((visitor) => visitor.close()))
})
afterAll(async () => {
  await Promise.all([chromium?.close(), firefox?.close()])
  await product?.stop()
}, 60_000)

const gateway = (): string => product.gateways[0] ?? ''
const visit = async (
  name: string,
  colour: Colour,
  browser: 'chromium' | 'firefox' = 'chromium',
  url = gateway(),
): Promise<Visitor> => {
  const visitor = await visitAs(name, colour, {
    gateway: url,
    ...(browser === 'firefox' ? { firefox } : { chromium }),
  })
  visitors.push(visitor)
  return visitor
}

/** The first of them makes a meeting, and all enter it; resolves to its id. */
async function meet(all: readonly Visitor[], topology: 'mesh' | 'sfu', way: Way = 'any'): Promise<string> {
  const [host] = all
  const { id = '', code = '' } =
    (await host?.call('host', host.name, anEmail(), { topology, guestsAllowed: true })) ?? {}
  for (const one of all) await one.call('enter', { name: one.name, colour: one.colour, code, way })
  return id
}

describe('a meeting in browsers', () => {
  it('V1 O8 two people meet in the SFU of npm start -- --with-media, and by its relay alone', async () => {
    const embedded = await startEmbedded({ args: ['--with-media'] })
    try {
      const [url = ''] = embedded.gateways
      for (const way of ['any', 'relay'] as const) {
        const all = [await visit('Ada', 'red', 'chromium', url), await visit('Ben', 'blue', 'chromium', url)]
        await meet(all, 'sfu', way)
        await seeOneAnother(all)
        for (const one of all) expect(await one.call('carrier')).toBe('sfu')
      }
    } finally {
      await embedded.stop()
    }
  }, 120_000)

  it.each([
    ['mesh', 'relay', 'relay udp'],
    ['sfu', 'relay', 'relay udp'],
    ['mesh', 'relay-tcp', 'relay tcp'],
    ['sfu', 'relay-tcp', 'relay tcp'],
  ] as const)(
    'R11 S35 pages that may only relay meet through coturn, %s, %s',
    async (topology, way, used) => {
      const all = [await visit('Ada', 'red'), await visit('Ben', 'blue')]
      await meet(all, topology, way)
      await seeOneAnother(all)
      for (const one of all) {
        expect(await one.call('carrier')).toBe(topology)
        expect([...new Set(await one.call('ways'))]).toEqual([used])
      }
    },
    120_000,
  )

  it('V1 V2 R4 S37 three Chromium and a Firefox in the SFU see one another, and what the host ends, ends for all', async () => {
    const [ada, ben, cleo, finn] = await Promise.all([
      visit('Ada', 'red'),
      visit('Ben', 'blue'),
      visit('Cleo', 'lime'),
      visit('Finn', 'yellow', 'firefox'),
    ])
    const all = [ada, ben, cleo, finn]
    const id = await meet(all, 'sfu')
    await seeOneAnother(all)
    await flows(all, all, { audio: true, frames: true })

    await ada.call('mute', 'Ben')
    await flows([ben], all, { audio: false, frames: true })
    await ada.call('mute', 'Finn')
    await flows([finn], all, { audio: false, frames: true })
    await flows([ada, cleo], all, { audio: true })

    await ada.call('forbidVideo', id)
    // The host may show what others may not.
    await flows(othersThan(all, ada), all, { frames: false })
    await flows([ada], all, { audio: true, frames: true })

    await ada.call('remove', 'Cleo')
    const rest = othersThan(all, cleo)
    await expect.poll(() => cleo.call('status'), { timeout: 5_000 }).toBe('removed')
    for (const one of rest) expect(Object.keys(await one.call('received'))).not.toContain('Cleo')
    const before = await cleo.call('packets')
    await flows([ada], [ben, finn], { audio: true })
    expect(await cleo.call('packets')).toBe(before)

    for (const one of all) expect([...new Set(await one.call('sockets'))]).toEqual([gateway().replace('http', 'ws')])
  }, 240_000)
})
