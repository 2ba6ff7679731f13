import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import { basename, dirname, extname, join, resolve } from 'node:path'

// node prune.mjs <folder of the repository, installed without development packages>: leaves in the image no more than it runs.
// Of our own modules those stay that the entry point reaches. Of other packages those modules stay that ours reach, by the tracer
// @vercel/nft, which is installed globally.
const require = createRequire(join(dirname(process.execPath), '../lib/node_modules/here.js'))
const { nodeFileTrace } = require('@vercel/nft')
const root = resolve(process.argv[2] ?? '.')
const entry = join(root, 'deploy/docker/entrypoint.mjs')
const alsoRun = [join(root, 'deploy/docker/healthcheck.mjs')]
const ours = ['packages', 'services', 'deploy']
/** Built before, and served as it is. */
const page = join(root, 'packages/web/dist')
const ofRoot = new Set(['node_modules', 'package.json', 'LICENSE', ...ours])
const sources = new Set(['.ts', '.tsx', '.mjs', '.js', '.css', '.html', '.md'])
const modules = /\.[cm]?js$/

const reached = reach([entry, ...alsoRun])
const traced = await trace([...reached].filter((file) => /\.(?:ts|mjs)$/.test(file)))
for (const folder of ours) dropUnreached(join(root, folder))
dropUntraced(join(root, 'node_modules/.pnpm'))
dropOfPackages(join(root, 'node_modules'))
for (const name of readdirSync(root)) if (!ofRoot.has(name)) drop(join(root, name))

/** The modules of ours that these reach: each names others by a path or by a package of the workspace. */
function reach(from) {
  const packages = workspacePackages()
  const found = new Set()
  const waiting = [...from]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue
    found.add(file)
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/['"]((?:\.{1,2}\/|@parley\/)[^'"\s]+)['"]/g)) {
      const to = name.startsWith('.') ? resolve(dirname(file), name) : packages.get(name)
      if (to !== undefined && sources.has(extname(to)) && existsSync(to)) waiting.push(to)
    }
  }
  return found
}

/** The files of other packages that these modules need, by import, by require or as data; and the folders of these packages. */
async function trace(from) {
  const own = new Set(from)
  const { fileList } = await nodeFileTrace(from, {
    base: root,
    conditions: ['node'],
    exportsOnly: true,
    ignore: (path) => !path.includes('node_modules/') && !own.has(join(root, path)),
    readFile: readAsScript,
  })
  const files = new Set([...fileList].map((file) => join(root, file)).filter((file) => file.includes('/node_modules/')))
  if (files.size < 1000)
    throw new Error(`Only ${files.size} files of packages are reached: the tracer does not follow ours`)
  return { files, packages: new Set([...files].map(packageOf)) }
}

/** The tracer reads JavaScript. */
async function readAsScript(path) {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return null
  const bytes = readFileSync(path)
  return path.endsWith('.ts') ? stripTypeScriptTypes(String(bytes)) : bytes
}

/** `…/node_modules/name` or `…/node_modules/@scope/name`, the last one in a path. */
function packageOf(path) {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]
}

/** Packages that nothing reaches go; of the others the modules that nothing reaches. Data, binaries and licences stay. */
function dropUntraced(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isSymbolicLink()) continue
    if (entry.isDirectory()) dropUntraced(path)
    else if (traced.packages.has(packageOf(path)) ? modules.test(path) && !traced.files.has(path) : true) drop(path)
  }
  if (readdirSync(folder).length === 0) drop(folder)
}

/** Where each `@parley/name` and `@parley/name/part` leads to. */
function workspacePackages() {
  const folders = ours.flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
  return new Map(
    folders
      .filter((folder) => existsSync(join(folder, 'package.json')))
      .flatMap((folder) => {
        const { name, exports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
        return Object.entries(exports)
          .filter(([, to]) => typeof to === 'string')
          .map(([part, to]) => [join(name, part), join(folder, to)])
      }),
  )
}

function dropUnreached(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (path === page || entry.isSymbolicLink() || entry.name === 'node_modules') continue
    if (entry.isDirectory()) dropUnreached(path)
    else if (sources.has(extname(path)) ? !reached.has(path) : /^(?:tsconfig|vitest|Dockerfile)/.test(entry.name))
      drop(path)
  }
  // An empty folder holds nothing, one with nothing but package.json neither.
  if (readdirSync(folder).length === 0) drop(folder)
}

/**
 * Maps, types, sources that are built already (Node.js runs no TypeScript below node_modules), texts, tests, and binaries for other
 * machines; licences stay. Of PGlite also the extensions: we use none.
 */
function dropOfPackages(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isSymbolicLink()) continue
    if (entry.isDirectory() ? isForReaders(entry.name, folder) : isForTools(entry.name, folder)) drop(path)
    else if (entry.isDirectory()) dropOfPackages(path)
  }
}

function isForTools(name, folder) {
  if (folder.includes('/pglite/dist') && name.endsWith('.tar.gz')) return true
  return (
    /\.(?:map|[cm]?ts|tsx|flow|md|markdown|mdx|gyp|gypi|c|cc|h)$/i.test(name) &&
    !/licen[cs]e|notice|copying/i.test(name)
  )
}

function isForReaders(name, folder) {
  const ofReaders = /^(?:tests?|__tests__|examples?|docs?|benchmarks?|coverage|\.github)$/
  if (basename(folder) === 'prebuilds') return name !== `${process.platform}-${process.arch}`
  return name === '@types' || (ofReaders.test(name) && existsSync(join(folder, 'package.json')))
}

function drop(path) {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) rmSync(path, { recursive: true })
}
