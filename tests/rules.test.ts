import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const filesOf = (...patterns: string[]): string[] =>
  globSync(patterns, { cwd: root, exclude: (path) => path.includes('node_modules') })
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** A rule, a case or a fault: `A1`, `X7b`, `SFU-3`. */
const id = String.raw`(?:[A-Z]{1,2}\d{1,3}(?:[a-z]|\.\d{1,2})?|SFU-\d{1,2})`
/** A name of a test may begin with several. */
const named = new RegExp(String.raw`^\s*(?:(?:it|test|describe)\b[^'"\x60]*|\S*\()?['"\x60]((?:${id}[ ,]+)+)`, 'gm')
const bold = new RegExp(String.raw`\*\*(${id})\b`, 'g')
const cell = new RegExp(String.raw`^\| *(?:\*\*|\x60)?(${id})\b`, 'gm')

/** The ids that pages define: each stands at the head of its paragraph or row. */
const defined = new Set(
  filesOf('docs/spec/*.md').flatMap((file) => {
    const text = read(file)
    return [...text.matchAll(bold), ...text.matchAll(cell)].flatMap(([, found]) => found ?? [])
  }),
)

const sources = [
  '{services,packages,deploy,tests}/**/*.{test,suite,fixture}.{ts,mjs,tsx}',
  'services/*/src/**/suites/*.ts',
]
/** Of JSON Web Algorithms (RFC 7518). */
const isAlgorithm = (found: string): boolean => /^[HREP]S\d{3}$/.test(found)
/** Where each id is cited by the name of a test. */
const cited = new Map<string, string[]>()
for (const file of filesOf(...sources))
  for (const [, ids = ''] of read(file).matchAll(named))
    for (const one of ids.match(new RegExp(id, 'g'))?.filter((found) => !isAlgorithm(found)) ?? [])
      cited.set(one, [...(cited.get(one) ?? []), file])

/** `X9a` is a case of `X9`, and `O10.3` a point of `O10`. */
const ruleOf = (one: string): string => one.replace(/[a-z]$|\.\d+$/, '')
const isDefined = (one: string): boolean => defined.has(one) || defined.has(ruleOf(one))

it('names in tests cite ids that the specification defines', () => {
  expect(defined.size).toBeGreaterThan(150)
  expect([...cited].filter(([one]) => !isDefined(one))).toEqual([])
})

/** Faults are tried by commands, which a test of the runner lists. */
const isFault = (one: string): boolean => /^T\d/.test(one)
/** `npm run image:try` starts the compose file in a container engine. */
const isTriedByHand = (one: string): boolean => one === 'O4'
/** The points of V1 and V2, whose tests carry these ids. */
const isPoint = (one: string): boolean => one.startsWith('SFU-')
/** Benchmarks print figures and assert none. */
const isBenchmark = (one: string): boolean => /^P\d/.test(one)

it('each rule has a test that carries its id', () => {
  const isCited = (one: string): boolean => [...cited.keys()].some((other) => ruleOf(other) === one)
  const untested = [...defined].filter((one) => !cited.has(one) && !isCited(one))
  expect(untested.filter((one) => !isFault(one) && !isTriedByHand(one) && !isPoint(one) && !isBenchmark(one))).toEqual(
    [],
  )
})
