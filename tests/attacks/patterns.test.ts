import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as contracts from '@parley/contracts'
import { commonConfig, mailConfig } from '@parley/kit'
import { describe, expect, it } from 'vitest'

const services = join(import.meta.dirname, '..', '..', 'services')
const length = 50_000
const allowedMs = 10

/** Every `pattern` below a value, with the way to it. */
function* patternsIn(value: unknown, at: string, seen = new Set<object>()): Generator<[pattern: string, at: string]> {
  if (typeof value !== 'object' || value === null || seen.has(value)) return
  seen.add(value)
  for (const [name, item] of Object.entries(value)) {
    if (name === 'pattern' && typeof item === 'string') yield [item, at]
    else yield* patternsIn(item, `${at}.${name}`, seen)
  }
}

async function allPatterns(): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const add = (value: unknown, at: string) => {
    for (const [pattern, where] of patternsIn(value, at)) if (!found.has(pattern)) found.set(pattern, where)
  }
  add(contracts, 'contracts')
  add({ commonConfig, mailConfig }, 'kit')
  for (const name of readdirSync(services))
    add(await import(join(services, name, 'src', 'index.ts')), `services.${name}`)
  return found
}

/** Beginnings that lead into the middle of patterns such as ours. */
const beginnings = [
  '',
  ' ',
  'a',
  'a@',
  'a@b.',
  '/',
  'http://',
  'https://a',
  'postgres://',
  'nats://',
  '"',
  'W/"',
  '2026-',
]
const endings = ['', '\u0000', '\n', '!', ' ', '@', '"']
const ascii = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index))
const others = ['\t', '\n', '\r', '\u0000', '\u00a0', 'é', '\u2028', '😀']
const pairs = ['aA', 'a ', ' a', 'a-', '-a', 'a.', 'a@', '0.', 'a/', ',a']
const letters = [...ascii, ...others, ...pairs]

function* hostileStrings(): Generator<string> {
  for (const letter of letters) {
    const body = letter.repeat(length / letter.length)
    for (const begin of beginnings) for (const end of endings) yield begin + body + end
  }
}

/** Of several runs the middle one: the machine has other things to do now and then. */
function medianMs(expression: RegExp, text: string): number {
  const once = () => {
    const since = performance.now()
    expression.test(text)
    return performance.now() - since
  }
  const first = once()
  if (first < allowedMs / 4) return first
  return [first, once(), once(), once(), once()].toSorted((a, b) => a - b)[2] ?? Infinity
}

describe('S28 no pattern takes long, whatever it is given', () => {
  it(`S28 every pattern of contracts and configuration: at most ${allowedMs} ms for ${length / 1000} kB`, async () => {
    const patterns = await allPatterns()
    expect(patterns.size).toBeGreaterThan(15)
    const texts = [...hostileStrings()]
    const slow: string[] = []
    let worst = { ms: 0, at: '' }
    for (const [pattern, at] of patterns) {
      const expression = new RegExp(pattern, 'u')
      for (const text of texts) {
        const ms = medianMs(expression, text)
        if (ms > worst.ms) worst = { ms, at: `${at} ${pattern}` }
        if (ms <= allowedMs) continue
        slow.push(`${ms.toFixed(0)} ms: ${at} ${pattern} on ${JSON.stringify(`${text.slice(0, 9)}…${text.slice(-3)}`)}`)
        break
      }
    }
    process.stdout.write(`${patterns.size} patterns; the worst took ${worst.ms.toFixed(2)} ms: ${worst.at}\n`)
    expect(slow, slow.join('\n')).toEqual([])
  }, 120_000)
})
