import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { closeCodes, fromClient, fromServer } from '@parley/contracts'
import { describe, expect, it } from 'vitest'
import { definitions } from '../deploy/embedded/src/index.ts'

const root = resolve(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const pages = globSync(['*.md', 'docs/**/*.md', '{services,packages,deploy,tests}/**/*.md'], {
  cwd: root,
  exclude: (path) => path.includes('node_modules') || path.includes('dist'),
})
const protocol = read('docs/spec/protocol.md')

/** The first cells of the tables of a page. */
const rowsOf = (page: string): string[][] =>
  [...page.matchAll(/^\|(.*)\|$/gm)].map(([, row = '']) => row.split(/(?<!\\)\|/).map((cell) => cell.trim()))

describe('the protocol page', () => {
  /** How the page says what a client does. */
  const says = { stop: /^stop/, resume: /resume/, fix: /^fix the client/, renew: /^refresh the token, resume/ }

  it('names each close code with what a client does about it', () => {
    const rows = rowsOf(protocol).filter(([codes = '']) => /^\d{4}(?:, \d{4})*$/.test(codes))
    const stated = rows.flatMap(([codes = '', , action = '']) => codes.split(', ').map((code) => ({ code, action })))
    const known = Object.values(closeCodes)
    expect(stated.map(({ code }) => Number(code)).toSorted()).toEqual(known.map(({ code }) => code).toSorted())
    for (const { code, client } of known)
      expect(stated.find((one) => Number(one.code) === code)?.action, String(code)).toMatch(says[client])
  })

  it('has a row for each message, and for no other', () => {
    const types = new Set<string>([...Object.keys(fromClient), ...Object.keys(fromServer)])
    const named = rowsOf(protocol).flatMap(([first = '']) =>
      [...first.matchAll(/`([a-zA-Z-]+(?:\.[a-zA-Z-]+)*)`/g)].map(([, type = '']) => type),
    )
    expect([...types].filter((type) => !named.includes(type))).toEqual([])
    expect(named.filter((type) => /^[a-z]+\.[a-zA-Z-]+$/.test(type) && !types.has(type))).toEqual([])
  })
})

/** The embedded product drains in less time than a service by itself. */
const hasOwnDefaults = (page: string): boolean => page === 'deploy/embedded/README.md'

const seconds: Readonly<Record<string, number>> = {
  s: 1,
  min: 60,
  hour: 3_600,
  hours: 3_600,
  day: 86_400,
  days: 86_400,
}
const bytes: Readonly<Record<string, number>> = { MiB: 2 ** 20, GiB: 2 ** 30 }

/** A stated value in the unit of the setting, which its name ends with. */
function valueOf(name: string, value: number, unit: string | undefined): number {
  if (unit === undefined || name.endsWith('_DAYS')) return value
  return value * (bytes[unit] ?? seconds[unit] ?? NaN) * (name.endsWith('_MS') ? 1_000 : 1)
}

describe('all pages', () => {
  it('state the defaults of settings as the code has them', () => {
    const defaults = new Map<string, unknown[]>()
    for (const { config } of definitions)
      for (const [name, schema] of Object.entries(config.properties) as [string, { default?: unknown }][])
        defaults.set(name, [...(defaults.get(name) ?? []), schema.default])
    const stated = pages
      .filter((page) => !hasOwnDefaults(page))
      .flatMap((page) =>
        [...read(page).matchAll(/`([A-Z][A-Z0-9_]+)` \(([\d,]+)(?: (s|min|hours?|days?|MiB|GiB))?[;,):]/g)].map(
          ([, name = '', value = '', unit]) => ({
            page,
            name,
            value: valueOf(name, Number(value.replaceAll(',', '')), unit),
          }),
        ),
      )
      .filter(({ name }) => defaults.has(name))
    expect(stated.length).toBeGreaterThan(10)
    expect(stated.filter(({ name, value }) => defaults.get(name)?.includes(value) !== true)).toEqual([])
  })

  it('name only commands that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/npm run ([a-z][a-z:-]*)/g)].map(([, command = '']) => `${page}: ${command}`),
    )
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((one) => !(one.slice(one.indexOf(': ') + 2) in scripts))).toEqual([])
  })

  it('name only files of the repository', () => {
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/`((?:packages|services|deploy|tests)\/[\w./-]+\.(?:ts|tsx|mjs))`/g)].map(
        ([, file = '']) => ({ page, file }),
      ),
    )
    expect(named.length).toBeGreaterThan(20)
    expect(
      named.filter(
        ({ page, file }) =>
          page !== 'docs/texts.md' && !file.includes('NN') && globSync(file, { cwd: root }).length === 0,
      ),
    ).toEqual([])
  })

  it('link only to files of the repository', () => {
    const links = pages.flatMap((page) =>
      [
        ...read(page)
          .replaceAll(/```[\s\S]*?```/g, '')
          .matchAll(/\]\((?![a-z]+:|#|\/)([^)#\s]+)/g),
      ].map(([, file = '']) => ({
        page,
        file,
      })),
    )
    expect(links.filter(({ page }) => page === 'docs/map.md').length).toBeGreaterThan(12)
    expect(links.filter(({ page, file }) => !existsSync(resolve(root, dirname(page), file)))).toEqual([])
  })
})
