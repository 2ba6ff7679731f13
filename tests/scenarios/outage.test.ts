import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '@parley/kit/testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBalancer } from '../support/balancer.ts'
import { receivedMedia, startBrowser } from '../support/browser.ts'
import { hintFor, socketsOf } from '../support/nodes.ts'
import { hears, id, receives, say, signUp, tileOf, visit } from '../support/pages.ts'
import { startStack, type StackFile } from '../support/product.ts'

const replicas = ['--gateway', '2', '--signaling', '2', '--chat', '2', '--meetings', '2', '--auth', '2', '--respawn']

let browser: Browser
let stack: Awaited<ReturnType<typeof startStack>>
let balancer: Awaited<ReturnType<typeof startBalancer>>
let ada: Page
let ben: Page

beforeAll(async () => {
  browser = await startBrowser()
  stack = await startStack(replicas)
  balancer = await startBalancer(() => stack.gateways)
  const [first, second] = stack.file.signaling
  if (!first || !second) throw new Error('the stack is not as it was asked for')
  ada = await visit(browser, balancer.url, await hintFor(first.url, balancer.url))
  ben = await visit(browser, balancer.url, await hintFor(second.url, balancer.url))
  await meet()
}, 200_000)
afterAll(async () => {
  await browser.close()
  await balancer.stop()
  await stack.stop()
}, 60_000)

async function meet(): Promise<void> {
  await signUp(ada, 'Ada')
  await signUp(ben, 'Ben')
  await ada.click(id('new-meeting'))
  await ada.click(id('prejoin-join'))
  const code = (await ada.locator(id('meeting-code')).first().textContent())?.trim() ?? ''
  await ben.fill(id('join-code'), code)
  await ben.click(id('join-submit'))
  await ben.click(id('prejoin-join'))
  await Promise.all([tileOf(ada, 'Ben').waitFor(), tileOf(ben, 'Ada').waitFor()])
  await Promise.all([receives(ada), receives(ben)])
  await ada.click(id('open-chat'))
  await ben.click(id('open-chat'))
}

type VisibleState = 'no tile of the other' | 'the other reconnects' | 'own connection lost'

/** Notes, from now on, everything on the page that a user would take for a fault. */
const watch = (page: Page, other: string): Promise<void> =>
  page.evaluate((name) => {
    const seen = new Set<string>()
    const there = (selector: string) => document.querySelector(selector) !== null
    const look = () => {
      if (!there(`[data-testid="tile"][data-name="${name}"]`)) seen.add('no tile of the other')
      if (there('[data-testid="tile-reconnecting"]')) seen.add('the other reconnects')
      if (there('[data-testid="reconnecting"]')) seen.add('own connection lost')
    }
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true })
    Object.assign(window, { seenTrouble: () => [...seen] })
  }, other)

const seenBy = (page: Page): Promise<VisibleState[]> =>
  page.evaluate(() => (window as unknown as { seenTrouble(): VisibleState[] }).seenTrouble())

const timesShown = (page: Page, text: string): Promise<number> =>
  page.locator(id('chat-message'), { hasText: text }).count()

/** Runs `task` and tells whether pictures and sound went on arriving all the while, looked at every two seconds. */
async function mediaWhile(page: Page, task: Promise<unknown>): Promise<boolean> {
  let running = true
  const done = task.finally(() => (running = false))
  let goesOn = true
  while (running) {
    const before = await receivedMedia(page)
    await Promise.race([sleep(2_000), done])
    if (!running) break
    const after = await receivedMedia(page)
    goesOn &&= after.framesDecoded > before.framesDecoded && after.audioPackets > before.audioPackets
  }
  await done
  return goesOn
}

async function comesBack(service: keyof StackFile, pid: number): Promise<void> {
  await eventually(async () => {
    const replicasNow = (await stack.present())[service] as { pid: number }[]
    expect(replicasNow.map((replica) => replica.pid)).not.toContain(pid)
  }, 60_000)
}

describe('two people in real browsers, while processes come and go', () => {
  it('R8 T1 a signaling node is killed: media goes on, nobody is seen to leave, chat is there once', async () => {
    await Promise.all([watch(ada, 'Ben'), watch(ben, 'Ada')])
    const [, second] = stack.file.signaling
    expect(await socketsOf(second?.url ?? '')).toBeGreaterThan(0)
    process.kill(second?.pid ?? 0, 'SIGKILL')
    const outage = (async () => {
      await say(ben, 'said into the outage by Ben')
      await say(ada, 'said into the outage by Ada')
      await Promise.all([hears(ada, 'outage by Ben'), hears(ben, 'outage by Ada'), hears(ben, 'outage by Ben')])
      await ben.locator(id('reconnecting')).waitFor({ state: 'detached' })
      await ben.click(id('toggle-hand'))
      await tileOf(ada, 'Ben').locator(id('hand-badge')).waitFor()
    })()
    const flowing = await Promise.all([mediaWhile(ada, outage), mediaWhile(ben, outage)])
    expect(flowing).toEqual([true, true])
    for (const page of [ada, ben])
      for (const text of ['outage by Ben', 'outage by Ada']) expect(await timesShown(page, text)).toBe(1)
    expect(await seenBy(ada)).not.toContain('no tile of the other')
    expect(await seenBy(ben)).not.toContain('no tile of the other')
    await comesBack('signaling', second?.pid ?? 0)
  }, 120_000)

  it('R9 T5 every process is restarted, one after the other: nothing is seen at all', async () => {
    await Promise.all([watch(ada, 'Ben'), watch(ben, 'Ada')])
    let said = 0
    const restarting = (async () => {
      for (const service of ['gateway', 'signaling', 'chat', 'meetings', 'auth'] as const) {
        const name = service === 'gateway' ? 'gateways' : service
        for (const { pid } of (await stack.present())[name] as { pid: number }[]) {
          process.kill(pid, 'SIGTERM')
          await say(said % 2 === 0 ? ada : ben, `message ${said}.`)
          said += 1
          await comesBack(name, pid)
        }
      }
    })()
    const flowing = await Promise.all([mediaWhile(ada, restarting), mediaWhile(ben, restarting)])
    for (const page of [ada, ben])
      for (let index = 0; index < said; index++) {
        await hears(page, `message ${index}.`)
        expect(await timesShown(page, `message ${index}.`)).toBe(1)
      }
    expect(flowing).toEqual([true, true])
    expect(await seenBy(ada)).toEqual([])
    expect(await seenBy(ben)).toEqual([])
  }, 400_000)
})
