import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')

/** One import: who (a workspace folder, such as `services/auth`), in which file, of what (a folder or a package). */
interface Import {
  from: string
  file: string
  of: string
  test: boolean
}

const isTest = (file: string): boolean => /(\.(test|fixture|contract|suite)\.tsx?$)|\/(testing|suites)\//.test(file)
const statement =
  /^\s*(?:import|export)\b[^'"]*?from\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm

function workspaces(): string[] {
  return ['packages', 'services', 'deploy'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .map((name) => `${folder}/${name}`)
      .filter((workspace) => existsSync(join(root, workspace, 'package.json'))),
  )
}

const names = new Map(
  workspaces().map((folder) => [
    (JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as { name: string }).name,
    folder,
  ]),
)

function importsOf(from: string): Import[] {
  const source = join(root, from, 'src')
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
  return files.flatMap((file) => {
    const path = join(source, file)
    const found = [...readFileSync(path, 'utf8').matchAll(statement)].map(
      ([, one, two, three]) => one ?? two ?? three ?? '',
    )
    return found.map((specifier) => ({
      from,
      file: relative(root, path),
      of: targetOf(specifier, path),
      test: isTest(path),
    }))
  })
}

/** The workspace that an import leads to, whichever way it is written, else the package that it names. */
function targetOf(specifier: string, file: string): string {
  if (specifier.startsWith('.'))
    return relative(root, resolve(dirname(file), specifier))
      .split('/')
      .slice(0, 2)
      .join('/')
  const parts = specifier.split('/')
  const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
  return names.get(name) ?? name
}

const all = workspaces().flatMap(importsOf)
const told = (some: readonly Import[]): string[] => some.map(({ file, of }) => `${file} imports ${of}`)
const outward = all.filter(({ from, of }) => from !== of)
const inProduct = outward.filter(({ test }) => !test)
const services = workspaces().filter((folder) => folder.startsWith('services/'))
const drivers = ['pg', 'nats', 'ioredis', '@electric-sql/pglite']

describe('the import graph is the architecture (issue 2, must show 7)', () => {
  it('was read: every service stands on the kit and the contracts', () => {
    for (const service of services) {
      const used = inProduct.filter(({ from }) => from === service).map(({ of }) => of)
      expect(used).toEqual(expect.arrayContaining(['packages/kit', 'packages/contracts']))
    }
  })

  it('no service imports another, nor deploy, nor what browsers use; not even in its tests', () => {
    const allowed = new Set(['packages/contracts', 'packages/kit'])
    const wrong = outward.filter(
      ({ from, of }) => services.includes(from) && /^(services|deploy|packages)\//.test(of) && !allowed.has(of),
    )
    expect(told(wrong)).toEqual([])
  })

  it('no service imports a driver, only the kit does; and the benchmarks, for the peers they measure beside us', () => {
    const may = ['packages/kit', 'packages/bench']
    expect(told(outward.filter(({ from, of }) => !may.includes(from) && drivers.includes(of)))).toEqual([])
  })

  it('contracts import only typebox', () => {
    expect(told(inProduct.filter(({ from, of }) => from === 'packages/contracts' && of !== 'typebox'))).toEqual([])
  })

  it('imports run one way: contracts, kit, services, deploy', () => {
    const upward = outward.filter(
      ({ from, of }) =>
        from === 'packages/kit' && /^(services|deploy|packages)\//.test(of) && of !== 'packages/contracts',
    )
    expect(told(upward)).toEqual([])
    expect(told(outward.filter(({ from, of }) => of.startsWith('deploy/') && !from.startsWith('deploy/')))).toEqual([])
  })

  it('the SDK stands on the contracts, a parser of event streams and (in old Node) ws, the page on the SDK', () => {
    const allowed = ['packages/contracts', 'eventsource-parser', 'ws']
    expect(told(inProduct.filter(({ from, of }) => from === 'packages/client' && !allowed.includes(of)))).toEqual([])
    const page = inProduct.filter(({ from, of }) => from === 'packages/web' && /^(services|deploy|packages)\//.test(of))
    expect(told(page.filter(({ of }) => !['packages/client', 'packages/contracts'].includes(of)))).toEqual([])
  })

  it('a service package exports its definition and nothing else', () => {
    for (const service of services) {
      const index = readFileSync(join(root, service, 'src', 'index.ts'), 'utf8').trim()
      expect(index).toMatch(/^export \{ \w+Service \} from '\.\/service\.ts'$/)
    }
  })
})

/** Files of the product that ask for the wall clock themselves. Everybody else has a `Clock`, or measures with `performance.now()`. */
const wallClocks: Record<string, string> = {
  'packages/kit/src/clock.ts': 'the clock of every service',
  'packages/kit/src/ids.ts': 'an id tells when it was made, and never goes back',
  'packages/kit/src/kv/kv-memory.ts': 'the time of the store, which all who share it compare with',
  'packages/client/src/time.ts': 'only the wall clock knows how long the computer slept',
}

describe('time that passes is measured by the monotonic clock (C14)', () => {
  const folders = workspaces().filter((folder) => !/^packages\/(bench|web)$/.test(folder))
  const sources = folders.flatMap((folder) =>
    readdirSync(join(root, folder, 'src'), { recursive: true, encoding: 'utf8' })
      .map((file) => `${folder}/src/${file}`)
      .filter((file) => file.endsWith('.ts') && !isTest(file)),
  )
  const readsWallClock = (file: string): boolean =>
    /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)/.test(readFileSync(join(root, file), 'utf8'))

  it('only these files ask for the wall clock, each with a reason', () => {
    expect(sources.filter(readsWallClock).sort()).toEqual(Object.keys(wallClocks).sort())
  })
})
