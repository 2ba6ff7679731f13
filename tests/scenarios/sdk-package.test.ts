import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { aPerson, anEmail } from '../support/people.ts'
import { startEmbedded, type Product } from '../support/product.ts'
import {
  bring,
  compile,
  installIn,
  machineNode,
  packSdk,
  pinnedNode,
  root,
  runIn,
  serve,
} from '../support/sdk-package.ts'

/** Of a page: it meets as its address says, and shows how that went as its title. */
const pageMain = `
const asked = new URLSearchParams(location.search)
meet(asked.get('url'), asked.get('code'), asked.get('name')).then(
  (seq) => (document.title = 'said ' + seq),
  (error) => (document.title = 'failed: ' + error),
)`
/** The types of the contracts, as somebody names them who has the package alone. */
const typesOnly = `
import type { Meeting, MeetingEvent, Message, OperationInput, Participant, Problem, RoomState } from '@parley/client'
export const titleOf = (meeting: Meeting): string => meeting.title
export const newest = (state: RoomState): Message | undefined => state.messages.at(-1)
export const names = (people: readonly Participant[]): string[] => people.map(({ name }) => name)
export const input: OperationInput<'createMeeting'> = { body: { title: 'A', type: 'private' } }
export const isEnd = (event: MeetingEvent): boolean => event.type === 'room.ended' && event.data.reason === 'host'
export const wait = ({ retryAfterMs = 0 }: Problem): number => retryAfterMs
// @ts-expect-error a meeting has no such type
export const wrong: OperationInput<'createMeeting'> = { body: { type: 'secret' } }`
const page = (script: string) => `<!doctype html><title>-</title>${script}`

describe('the SDK as a package, in an empty project outside of the repository', () => {
  let product: Product
  let browser: Browser
  let pages: Awaited<ReturnType<typeof serve>>
  let packed: Awaited<ReturnType<typeof packSdk>>
  let project: string
  let code: string
  let url: string

  beforeAll(async () => {
    packed = await packSdk()
    project = await installIn([packed.tarball, 'ws@8', 'esbuild@0.28'])
    await bring(project, 'sdk-consumer.ts', 'meet.ts')
    await writeFile(join(project, 'src/types.ts'), typesOnly)
    pages = await serve(join(project, 'public'))
    vi.stubEnv('ALLOWED_ORIGINS', pages.url)
    ;[product, browser] = await Promise.all([startEmbedded(), startBrowser(), compile(project)])
    url = product.gateways[0] ?? ''
    const host = await aPerson(url, 'Host')
    code = (await host.rest.createMeeting({ body: { title: 'Package', type: 'public' } })).code
    const main = "import { meet } from './meet.js'"
    await mkdir(join(project, 'public'))
    await writeFile(join(project, 'lib/node.js'), `${main}\nconsole.log(await meet(...process.argv.slice(2)))`)
    await writeFile(join(project, 'lib/page.js'), `${main}\n${pageMain}`)
  }, 180_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    await Promise.all([browser?.close(), product?.stop(), pages?.stop()])
    const folders = [project, packed?.folder].filter((folder) => folder !== undefined)
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })))
  }, 60_000)

  /** Opens a page of the project; resolves to its title once that says how it went. */
  async function visit(path: string, name: string): Promise<string> {
    const context = await browser.newContext()
    const tab = await context.newPage()
    await tab.goto(`${pages.url}${path}?${new URLSearchParams({ url, code, name }).toString()}`)
    await tab.waitForFunction(() => document.title !== '-', undefined, { timeout: 30_000 })
    const title = await tab.title()
    await context.close()
    return title
  }

  it('O8 has types, modules and one file, no import of the monorepo, and at most 30,000 bytes by gzip', async () => {
    const installed = join(project, 'node_modules/@parley/client')
    const text = (name: string) => readFile(join(installed, name), 'utf8')
    const names = (await readdir(installed)).filter((name) => name !== 'README.md')
    expect(names).toEqual(expect.arrayContaining(['index.js', 'node.js', 'index.d.ts', 'parley-sfu.min.js']))
    const all = await Promise.all(names.map(text))
    for (const content of all)
      expect(content).not.toMatch(/typebox|@parley\/contracts|workspace:|from ['"][^'"]+\.ts['"]/)
    expect(gzipSync(await text('parley.min.js'), { level: 9 }).length).toBeLessThanOrEqual(30_000)
  })

  it('O8 joins and chats on the machine’s Node, which may have no WebSocket, on Node 22 and on the pinned one', async () => {
    const old = machineNode()
    const major = Number((await runIn(project, old, ['-p', 'process.versions.node'])).split('.')[0])
    const without = major < 22 ? [] : ['--no-experimental-websocket']
    expect(await runIn(project, old, [...without, '-p', 'typeof WebSocket'])).toBe('undefined')
    const said = await runIn(project, old, [...without, 'lib/node.js', url, code, 'Old Node'])
    expect(Number(said)).toBeGreaterThan(0)
    const middle = await installIn(['node@22'])
    const others = { 'Node 22': join(middle, 'node_modules/node/bin/node'), 'Node 24': pinnedNode }
    for (const [name, node] of Object.entries(others))
      expect(Number(await runIn(project, node, ['lib/node.js', url, code, name])), name).toBeGreaterThan(0)
    await rm(middle, { recursive: true, force: true })
  }, 120_000)

  it('O8 says what to install where there is no WebSocket at all, and rejects where nobody answers', async () => {
    const elsewhere = await installIn([packed.tarball])
    const join = (target: string) =>
      `import { createParley } from '@parley/client'
       const parley = createParley({ url: '${target}' })
       try { await parley.signInAsGuest({ name: 'Nobody' }); await parley.join({ code: '${code}', device: { mic: false, cam: false } }) }
       catch (error) { console.log(error.name, error.message) }`
    const flags = ['--no-experimental-websocket', '--input-type=module', '-e']
    expect(await runIn(elsewhere, pinnedNode, [...flags, join(url)])).toContain('install the package ws')
    expect(await runIn(project, pinnedNode, [...flags, join('http://127.0.0.1:9')])).toContain('ParleyError')
    await rm(elsewhere, { recursive: true, force: true })
  }, 120_000)

  it('O8 joins and chats from a page that Vite builds, one that esbuild bundles, and a script tag', async () => {
    const lib = join(project, 'lib')
    await writeFile(join(lib, 'vite.html'), page('<script type="module" src="/page.js"></script>'))
    const outDir = join(project, 'public/vite')
    const rolldownOptions = { input: join(lib, 'vite.html') }
    await build({
      root: lib,
      base: '/vite/',
      configFile: false,
      logLevel: 'silent',
      build: { outDir, rolldownOptions },
    })

    const options = {
      entryPoints: ['lib/page.js'],
      bundle: true,
      minify: true,
      format: 'esm',
      outfile: 'public/esbuild.js',
    }
    const bundling = `require('esbuild').buildSync(${JSON.stringify(options)})`
    await runIn(project, pinnedNode, ['--input-type=commonjs', '-e', bundling])
    await writeFile(join(project, 'public/esbuild.html'), page('<script type="module" src="/esbuild.js"></script>'))

    for (const name of ['parley.min.js', 'parley-sfu.min.js'])
      await copyFile(join(project, 'node_modules/@parley/client', name), join(project, 'public', name))
    const meet = (await readFile(join(lib, 'meet.js'), 'utf8'))
      .replace(/import .*\n/, '')
      .replace('export async', 'async')
    await writeFile(
      join(project, 'public/script.html'),
      page(`<script src="/parley.min.js"></script><script>const { createParley, ParleyError } = Parley
        ${meet}\n${pageMain}</script>`),
    )
    const titles = await Promise.all([
      visit('/vite/vite.html', 'Vite'),
      visit('/esbuild.html', 'esbuild'),
      visit('/script.html', 'Script tag'),
    ])
    for (const title of titles) expect(title).toMatch(/^said \d+$/)
  }, 120_000)

  it('H15 clients that are generated from the OpenAPI compile under --strict, need no empty bodies, and work', async () => {
    const tools = ['openapi-typescript@7.13.0', 'openapi-fetch@0.17.0', '@hey-api/openapi-ts@0.99.0', 'typescript@5.9']
    const mine = await installIn([...tools, 'esbuild@0.28', '@types/node@22'])
    const document = join(root, 'docs/openapi.json')
    for (const name of ['openapi-fetch', 'hey-api']) await bring(mine, `generated/${name}.ts.txt`, `${name}.ts`)
    const bin = (path: string) => join('node_modules', path)
    await runIn(mine, pinnedNode, [bin('openapi-typescript/bin/cli.js'), document, '-o', 'src/openapi.d.ts'])
    await runIn(mine, pinnedNode, [bin('@hey-api/openapi-ts/bin/run.js'), '-i', document, '-o', 'src/hey'])
    const lib = ['es2023', 'dom', 'dom.iterable']
    await compile(mine, { module: 'preserve', types: ['node'], exactOptionalPropertyTypes: false, noEmit: true, lib })
    const entryPoints = ['src/openapi-fetch.ts', 'src/hey-api.ts']
    const options = { entryPoints, bundle: true, platform: 'node', format: 'esm', outdir: 'out' }
    await runIn(mine, pinnedNode, [
      '--input-type=commonjs',
      '-e',
      `require('esbuild').buildSync(${JSON.stringify(options)})`,
    ])
    for (const name of ['openapi-fetch', 'hey-api'])
      expect(await runIn(mine, pinnedNode, [`out/${name}.js`, url, anEmail()])).toBe('works')
    await rm(mine, { recursive: true, force: true })
  }, 180_000)
})
