import { join } from 'node:path'
import { eventually } from '@parley/kit/testing'
import type { Browser as Chromium } from 'playwright-core'
import type { Browser as Firefox } from 'puppeteer-core'
import { expect } from 'vitest'
import type { MeetingPage } from '../media/page/meeting-page.ts'
import { bundleForPage } from './bundle.ts'

const colours = { red: [255, 0, 0], blue: [0, 0, 255], lime: [0, 255, 0], yellow: [255, 255, 0] } as const
export type Colour = keyof typeof colours

/** A page of somebody in a meeting: calls what `meeting-page.ts` offers. */
export interface Visitor {
  name: string
  colour: Colour
  call<M extends keyof MeetingPage>(
    method: M,
    ...args: Parameters<MeetingPage[M]>
  ): Promise<Awaited<ReturnType<MeetingPage[M]>>>
  close(): Promise<void>
}

/** Of both browsers: what we use of a page. */
interface Page {
  goto(url: string): Promise<unknown>
  evaluate(script: string): Promise<unknown>
  close(): Promise<void>
}

let bundled: Promise<string> | undefined

/** Opens a page of the gateway, with the SDK in it, in a profile of its own. */
export async function visitAs(
  name: string,
  colour: Colour,
  { chromium, firefox, gateway }: { chromium?: Chromium; firefox?: Firefox; gateway: string },
): Promise<Visitor> {
  bundled ??= bundleForPage(join(import.meta.dirname, '..', 'media', 'page', 'meeting-page.ts'))
  const script = await bundled
  const context = await (chromium?.newContext() ?? firefox?.createBrowserContext())
  if (context === undefined) throw new Error('in which browser?')
  const page: Page = await context.newPage()
  await page.goto(`${gateway}/`)
  await page.evaluate(`(() => { ${script} })()`)
  return {
    name,
    colour,
    call: (method, ...args) =>
      page.evaluate(`meeting.${method}(...${JSON.stringify(args)})`) as Promise<
        Awaited<ReturnType<MeetingPage[typeof method]>>
      >,
    close: () => context.close(),
  }
}

export const othersThan = <T>(all: readonly T[], one: T): T[] => all.filter((other) => other !== one)

/** Waits until each of them decodes each of the others, in the right colour. */
export const seeOneAnother = (all: readonly Visitor[], timeoutMs = 40_000): Promise<void> =>
  eventually(async () => {
    const views = await Promise.all(all.map((one) => one.call('seen')))
    for (const [index, one] of all.entries())
      for (const other of othersThan(all, one)) {
        const seen = views[index]?.[other.name]
        for (const [channel, value] of colours[other.colour].entries())
          if (!(Math.abs((seen?.[channel] ?? -999) - value) < 60))
            throw new Error(`${one.name} sees ${other.name} as ${JSON.stringify(seen)}, not ${other.colour}`)
      }
  }, timeoutMs)

/** How much of `of` comes to `to` within a second and a half. */
async function flowOf(of: Visitor, to: Visitor): Promise<{ audio: number; frames: number }> {
  const before = (await to.call('received'))[of.name]
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const after = (await to.call('received'))[of.name]
  return { audio: (after?.audio ?? 0) - (before?.audio ?? 0), frames: (after?.frames ?? 0) - (before?.frames ?? 0) }
}

/** Waits until sound and pictures of each come to each of the others, or, as `wanted` says, do not. */
export const flows = (
  of: readonly Visitor[],
  to: readonly Visitor[],
  wanted: { audio?: boolean; frames?: boolean },
): Promise<void> =>
  eventually(async () => {
    for (const kind of ['audio', 'frames'] as const) {
      if (wanted[kind] === undefined) continue
      const pairs = of.flatMap((one) => othersThan(to, one).map((other) => [one, other] as const))
      const counts = await Promise.all(pairs.map(async ([one, other]) => (await flowOf(one, other))[kind]))
      for (const [index, count] of counts.entries()) {
        const [one, other] = pairs[index] ?? []
        expect(`${one?.name} to ${other?.name}: ${kind} ${count > 0}`).toBe(
          `${one?.name} to ${other?.name}: ${kind} ${wanted[kind]}`,
        )
      }
    }
  }, 20_000)
