import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rolldown, type OutputOptions, type RolldownOptions } from 'rolldown'
import { dts } from 'rolldown-plugin-dts'
import { contractTypes } from './contract-types.ts'
import { manifest } from './manifest.ts'

const source = join(import.meta.dirname, '..')
const root = join(source, '..', '..')
/** Node 20 and browsers of 2023 understand it. */
const target = 'es2022'

/** The package as others install it: modules, types, a file for a script tag. */
export const packageFolder = join(source, 'dist')

/** Builds the package from source, in about 3 s. */
export async function buildPackage(folder: string = packageFolder): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await Promise.all([modules(folder), script(folder), scriptForSfu(folder), types(folder), papers(folder)])
}

const contracts = '@parley/contracts'
/** So that the types hold in Node too: rooms have streams of media, and `fetch` and WebSocket are options. */
const dom = '/// <reference lib="dom" />'
const quiet = { logLevel: 'silent', tsconfig: false } as const
const entry = (name: string): string => join(source, 'src', `${name}.ts`)

async function bundle(input: RolldownOptions, output: OutputOptions): Promise<void> {
  const build = await rolldown({ ...quiet, ...input })
  await build.write(output)
  await build.close()
}

const nameOfChunk = ({ isDynamicEntry }: { isDynamicEntry: boolean }): string =>
  isDynamicEntry ? 'parley-sfu.js' : 'parley.js'

/** `index.js` for browsers and bundlers, `node.js` for Node, what both share, and what a room with an SFU loads. */
const modules = (dir: string): Promise<void> =>
  bundle(
    { input: { index: entry('index'), node: entry('node') }, external: ['ws'], transform: { target } },
    { dir, format: 'es', entryFileNames: '[name].js', chunkFileNames: nameOfChunk, comments: false },
  )

const minified = { minify: true, comments: false } as const

const loadScript = entry('media/sfu/load-script')
/** All but the SFU in one file, as the global `Parley`. A room with an SFU loads the second file. */
const script = (dir: string): Promise<void> =>
  bundle(
    {
      input: entry('index'),
      platform: 'browser',
      transform: { target },
      plugins: [{ name: 'second-file', resolveId: (id) => (id.endsWith('/load.ts') ? loadScript : null) }],
    },
    { ...minified, file: join(dir, 'parley.min.js'), format: 'iife', name: 'Parley' },
  )

/** The second file, a module: `parley.min.js` imports it from beside itself. */
const scriptForSfu = (dir: string): Promise<void> =>
  bundle(
    { input: entry('media/sfu/sfu-session'), platform: 'browser', transform: { target } },
    { ...minified, file: join(dir, 'parley-sfu.min.js'), format: 'es' },
  )

/** `index.d.ts`: the SDK's own types, and before them those of the contracts that they name. */
async function types(dir: string): Promise<void> {
  const build = await rolldown({
    ...quiet,
    input: entry('index'),
    external: [contracts],
    plugins: [dts({ dtsOnly: true, tsconfig: join(source, 'tsconfig.json') })],
  })
  const { output } = await build.generate()
  await build.close()
  const [names = '', own = ''] = output[0].code.split(`} from "${contracts}";\n`)
  const wanted = names.replace('import {', '').split(',')
  const text = [dom, contractTypes(wanted.map((name) => name.trim())), own].join('\n')
  await writeFile(join(dir, 'index.d.ts'), text)
}

async function papers(dir: string): Promise<void> {
  const inside = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as { version: string }
  await writeFile(join(dir, 'package.json'), `${JSON.stringify(manifest(inside.version), null, 2)}\n`)
  await copyFile(join(source, 'README.md'), join(dir, 'README.md'))
  await copyFile(join(root, 'LICENSE'), join(dir, 'LICENSE'))
  const parser = await readFile(join(source, 'node_modules', 'eventsource-parser', 'LICENSE'), 'utf8')
  await writeFile(join(dir, 'NOTICE'), `This package contains eventsource-parser:\n\n${parser}`)
}
