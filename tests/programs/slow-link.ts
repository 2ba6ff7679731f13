/**
 * Says how long the page takes over 240 kbit/s with 400 ms of delay, and how many bytes came: `node tests/programs/slow-link.ts`.
 * Figures for people, kept in H14 of docs/spec/http.md: no test asserts a time. That it is few bytes, `tests/attacks/edge.test.ts` holds (H14). The page has to be built.
 */
import { startBrowser } from '../support/browser.ts'
import { id } from '../support/pages.ts'
import { aPerson } from '../support/people.ts'
import { startEmbedded } from '../support/product.ts'

const link = { offline: false, latency: 400, downloadThroughput: 240_000 / 8, uploadThroughput: 240_000 / 8 }

const product = await startEmbedded()
const browser = await startBrowser()
try {
  const url = product.gateways[0] ?? ''
  const host = await aPerson(url, 'Host')
  const { code } = await host.rest.createMeeting({ body: { type: 'public' } })
  for (const [what, path, usable] of [
    ['start page', '/', 'tab-signup'],
    ['meeting link', `/m/${code}`, 'guest-name'],
  ] as const) {
    for (const visit of ['first', 'second']) {
      const context =
        visit === 'first' ? await browser.newContext() : (browser.contexts().at(-1) ?? (await browser.newContext()))
      const page = await context.newPage()
      const devtools = await context.newCDPSession(page)
      await devtools.send('Network.enable')
      await devtools.send('Network.emulateNetworkConditions', link)
      let bytes = 0
      devtools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
      const from = performance.now()
      await page.goto(url + path, { waitUntil: 'commit', timeout: 60_000 })
      await page.locator(id(usable)).waitFor({ timeout: 60_000 })
      const seconds = ((performance.now() - from) / 1000).toFixed(1)
      console.log(`${what}, ${visit} visit: usable after ${seconds} s, ${Math.round(bytes / 1000)} kB by then`)
      await page.close()
    }
  }
  host.close()
} finally {
  await browser.close()
  await product.stop()
}
