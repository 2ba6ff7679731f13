import { createServer, type Server } from 'node:http'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { eventually, freePort } from '@parley/kit/testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { anAccount, createMeeting } from '../support/accounts.ts'
import { startBrowser } from '../support/browser.ts'
import { runProgram, startEmbedded, type Embedded } from '../support/product.ts'

const examples = join(import.meta.dirname, '..', '..', 'docs', 'guide', 'examples')
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' }

/** The behaviour of any server of files. */
const serveExamples = (): Server =>
  createServer((request, response) => {
    const path = join(examples, new URL(request.url ?? '/', 'http://localhost').pathname)
    readFile(path).then(
      (content) => response.setHeader('content-type', types[extname(path)] ?? 'text/plain').end(content),
      () => response.writeHead(404).end(),
    )
  })

describe('the guide for frontends', () => {
  let product: Embedded
  let server: Server
  let browser: Browser
  let url = ''
  let page = ''
  beforeAll(async () => {
    const port = await freePort()
    server = serveExamples().listen(port, '127.0.0.1')
    page = `http://localhost:${port}/join.html`
    vi.stubEnv('ALLOWED_ORIGINS', new URL(page).origin)
    product = await startEmbedded()
    url = product.gateways[0] ?? ''
    browser = await startBrowser()
  }, 90_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    await browser.close()
    await product.stop()
    server.close()
  }, 60_000)

  const enter = async (name: string, code: string): Promise<Page> => {
    const opened = await browser.newPage()
    await opened.goto(`${page}?gateway=${encodeURIComponent(url)}`)
    await opened.fill('[name=name]', name)
    await opened.fill('[name=code]', code)
    await opened.click('text=Join')
    return opened
  }
  const shows = (opened: Page, where: string, text: string): Promise<void> =>
    eventually(async () => expect(await opened.textContent(where)).toContain(text), 20_000)

  it('O8 the page without the SDK joins from another origin, shows people, chats, and comes back when its socket is lost', async () => {
    const { code } = await createMeeting(url, await anAccount(url, 'Ada'), { type: 'public' })
    const gus = await enter('Gus', code)
    await shows(gus, '#status', 'In ')
    const eve = await enter('Eve', code)
    await shows(gus, '#people', 'Eve (guest, connected)')
    await eve.fill('[name=text]', 'Hello, Gus')
    await eve.click('text=Send')
    await shows(gus, '#messages', 'Eve: Hello, Gus')

    await eve.context().setOffline(true)
    await eve.evaluate('socket.close(4000)')
    await shows(gus, '#people', 'Eve (guest, reconnecting)')
    await eve.context().setOffline(false)
    await shows(eve, '#status', 'In ')
    await shows(gus, '#people', 'Eve (guest, connected)')
  }, 90_000)

  it('O8 the program with the SDK meets itself and chats', async () => {
    const printed = await runProgram('tests/programs/guide-with-sdk.ts', [url])
    expect(printed).toContain('In the room: Ada, Gus')
    expect(printed).toContain('Gus reads: Ada: Hello, Gus')
  }, 60_000)
})
