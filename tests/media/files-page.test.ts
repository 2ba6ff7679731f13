import { deflateSync } from 'node:zlib'
import type { Parley, Room } from '@parley/client'
import { eventually } from '@parley/kit/testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { id, signUp, tileOf, visit } from '../support/pages.ts'
import { aPerson } from '../support/people.ts'
import { startEmbedded, type Embedded } from '../support/product.ts'

/** A picture of one colour, as PNG (RFC 2083). */
function png(width: number, height: number, colour: readonly [number, number, number]): Buffer {
  const row = Buffer.concat([Buffer.from([0]), Buffer.concat(Array.from({ length: width }, () => Buffer.from(colour)))])
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)))
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}

function crc32(data: Buffer): number {
  let crc = 0xffffffff
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

describe('files on the page', () => {
  let browser: Browser | undefined
  let product: Embedded | undefined
  let url: string
  let page: Page
  let other: Parley | undefined
  let room: Room

  beforeAll(async () => {
    product = await startEmbedded()
    url = product.gateways[0] ?? ''
    browser = await startBrowser()
    other = await aPerson(url, 'Otto')
    const { code } = await other.rest.createMeeting({ body: { type: 'public' } })
    room = await other.join({ code, device: { mic: false, cam: false } })
    page = await visit(browser, url)
    await signUp(page, 'Vera')
    await page.locator(id('new-meeting')).waitFor()
    await page.goto(`${url}/account`)
    await page.locator(id('avatar-choose')).waitFor()
    await page.setInputFiles(id('avatar-input'), {
      name: 'me.png',
      mimeType: 'image/png',
      buffer: png(300, 200, [200, 30, 90]),
    })
    await page.locator(`.avatar-form ${id('avatar-photo')}`).waitFor()
    await page.goto(`${url}/m/${code}`)
    await page.click(id('prejoin-join'))
    await page.locator(id('room')).waitFor()
    await page.click(id('open-chat'))
  }, 120_000)
  afterAll(async () => {
    other?.close()
    await browser?.close()
    await product?.stop()
  }, 60_000)

  const isDrawn = (selector: string) =>
    eventually(async () => {
      const width = await page
        .locator(selector)
        .last()
        .evaluate((image) => (image as HTMLImageElement).naturalWidth)
      expect(width).toBeGreaterThan(0)
    }, 15_000)
  const files = () => room.state.get().messages.flatMap(({ file }) => (file ? [file.name] : []))

  it('O8 the tiles make room for an open panel', async () => {
    const panel = await page.locator('aside.panel').boundingBox()
    for (const tile of await page.locator(id('tile')).all()) {
      const box = await tile.boundingBox()
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(panel?.x ?? 0)
    }
  })

  it('A5 the picture of the account is shown in the call, to oneself and in what others are told', async () => {
    await page.click(id('toggle-cam'))
    await isDrawn(`${id('tile')}[data-name="Vera"] ${id('avatar-photo')}`)
    await eventually(() => expect(room.state.get().peers[0]?.avatarFileId).toEqual(expect.any(String)))
    expect(await tileOf(page, 'Otto').locator(id('avatar-photo')).count()).toBe(0)
  }, 60_000)

  it('F1 C3 a picture that is chosen is sent and shown small; others get it as a file', async () => {
    await page.setInputFiles(id('attach-input'), {
      name: 'red.png',
      mimeType: 'image/png',
      buffer: png(64, 48, [220, 0, 0]),
    })
    await page.locator(`${id('attachment')}[data-name="red.png"]`).waitFor()
    await isDrawn(`${id('attachment')}[data-name="red.png"] ${id('picture')}`)
    await eventually(() => expect(files()).toEqual(['red.png']))
    const [message] = room.state.get().messages
    expect(message).toMatchObject({ type: 'file', file: { contentType: 'image/png', width: 64, height: 48 } })
  }, 60_000)

  it.each(['drop', 'paste'] as const)(
    'F1 a file can be sent by %s',
    async (how) => {
      const name = `by-${how}.txt`
      await page.locator(id('drop-zone')).evaluate(
        (zone, [type, fileName]) => {
          const data = new DataTransfer()
          data.items.add(new File(['some words'], fileName, { type: 'text/plain' }))
          const event =
            type === 'drop'
              ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
              : new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
          zone.querySelector('textarea')?.dispatchEvent(event)
        },
        [how, name] as const,
      )
      await eventually(() => expect(files()).toContain(name), 15_000)
    },
    60_000,
  )

  it('F1 an upload whose connection breaks goes on, and what is sent is whole', async () => {
    let broken = 0
    await page.route(/\/v1\/files\/[^/]+\/upload/, (route) => {
      if (route.request().method() === 'PUT' && broken++ === 0) return route.abort('connectionreset')
      return route.continue()
    })
    await page.setInputFiles(id('attach-input'), {
      name: 'again.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('x'.repeat(40_000)),
    })
    await eventually(() => expect(files()).toContain('again.txt'), 20_000)
    expect(broken).toBeGreaterThan(1)
    await page.unroute(/\/v1\/files\/[^/]+\/upload/)
    expect(room.state.get().messages.find(({ file }) => file?.name === 'again.txt')?.file?.sizeBytes).toBe(40_000)
  }, 60_000)

  it('F1 S39 a refused file says why in words, and can be taken off the list', async () => {
    await page.setInputFiles(id('attach-input'), {
      name: 'photo.png',
      mimeType: 'image/png',
      buffer: Buffer.from('<html><script>1</script>'),
    })
    const row = page.locator(`${id('upload')}[data-name="photo.png"]`)
    await row.locator('[role="alert"]').waitFor()
    expect(await row.locator('[role="alert"]').textContent()).not.toMatch(/schema|undefined/)
    await row.locator(id('upload-cancel')).click()
    await eventually(async () => expect(await row.count()).toBe(0))
    expect(files()).not.toContain('photo.png')
  }, 60_000)
})
