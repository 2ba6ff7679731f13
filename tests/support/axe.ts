import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

interface AxeResult {
  violations: { id: string; help: string; nodes: { html: string }[] }[]
}

/** The faults that axe-core finds in the page as it is shown now: rule and element. It tries WCAG 2.2 A and AA, and its best practices. */
export async function axeViolations(page: Page): Promise<string[]> {
  await settled(page)
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  await page.evaluate(source)
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<AxeResult> } }).axe.run(),
  )
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 200)}`))
}

/** Waits until what moves in has arrived: while a toast rises, its text is pale. Endless animations are not waited for. */
const settled = (page: Page): Promise<unknown> =>
  page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter((animation) => animation.effect?.getComputedTiming().endTime !== Infinity)
        .map((animation) => animation.finished),
    ),
  )

/** By how many px the page is wider than its window; 0 where nothing has to be scrolled sideways. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - window.innerWidth))

/** WCAG 1.4.11: what an icon has to have against its ground. */
const leastContrast = 3

/**
 * The buttons that are hard to make out under the mouse, and their contrast. axe sees neither icons nor a mouse. `among` tells which buttons
 * are tried. Those that are covered or gone by then are left out.
 */
export async function faintUnderMouse(page: Page, among: string): Promise<{ tried: number; faint: string[] }> {
  const faint: string[] = []
  let tried = 0
  for (const button of await page.locator(`${among}:not(:disabled)`).all()) {
    const box = await button.boundingBox({ timeout: 1_000 }).catch(() => null)
    if (box === null) continue
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
    await settled(page)
    const seen = await button.evaluate(contrastUnderMouse, undefined, { timeout: 1_000 }).catch(() => null)
    if (seen === null) continue
    tried += 1
    if (seen.contrast < leastContrast) faint.push(`${seen.label}: ${seen.contrast.toFixed(1)}`)
  }
  return { tried, faint }
}

/** Runs in the page. Null: the mouse is not over it. */
function contrastUnderMouse(button: Element): { label: string; contrast: number } | null {
  if (!button.matches(':hover')) return null
  const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d')
  if (context === null) return null
  const grounds = [button]
  for (let at = button.parentElement; at !== null; at = at.parentElement) grounds.unshift(at)
  const painted = (...colours: string[]): number => {
    for (const colour of ['#fff', ...colours]) {
      context.fillStyle = colour
      context.fillRect(0, 0, 1, 1)
    }
    const [red = 0, green = 0, blue = 0] = [...context.getImageData(0, 0, 1, 1).data].map((value) => {
      const share = value / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const colours = grounds.map((element) => getComputedStyle(element).backgroundColor)
  const [ground, ink] = [painted(...colours), painted(...colours, getComputedStyle(button).color)]
  const contrast = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05)
  return { label: button.getAttribute('aria-label') ?? button.textContent, contrast }
}
