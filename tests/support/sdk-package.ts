import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, extname, join } from 'node:path'
import { promisify } from 'node:util'
import { buildPackage } from '../../packages/client/build/build.ts'
import { packPackage } from '../../packages/client/build/pack.ts'

export const root = join(import.meta.dirname, '..', '..')
const run = promisify(execFile)
const deadline = { timeout: 120_000 }

/** The pinned Node, and the one that this machine has, which may be as old as 20. */
export const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node')
export function machineNode(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  const found = folders.map((folder) => join(folder, 'node')).find(isProgram)
  if (found === undefined) throw new Error('This machine has no Node of its own on its PATH')
  return found
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The SDK built and packed, in a folder of its own outside of the repository; resolves to its path, with the tarball's. */
export async function packSdk(): Promise<{ folder: string; tarball: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-package-'))
  await buildPackage(folder)
  return { folder, tarball: await packPackage(folder) }
}

/** An empty project into which npm has installed `packages`; resolves to its folder. */
export async function installIn(packages: readonly string[]): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), 'parley-consumer-'))
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--prefer-offline']
  await run('npm', ['install', ...quiet, ...packages], { cwd: project, ...deadline })
  return project
}

/** Copies a program of tests/programs into the project. */
export async function bring(project: string, program: string, to: string): Promise<void> {
  await mkdir(join(project, 'src'), { recursive: true })
  await copyFile(join(root, 'tests', 'programs', program), join(project, 'src', to))
}

/** Compiles `src` to `lib` as `tsc --strict` does for somebody who has no settings of ours. */
export async function compile(project: string, settings: object = {}): Promise<void> {
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    target: 'es2022',
    lib: ['es2023'],
    module: 'nodenext',
    types: [],
    rootDir: 'src',
    outDir: 'lib',
    ...settings,
  }
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }))
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  await run(pinnedNode, [tsc, '-p', project], deadline).catch((error: { stdout?: string }) => {
    throw new Error(`tsc refused it:\n${error.stdout}`, { cause: error })
  })
}

/** Runs a program of the project until it ends by itself; resolves to what it printed. */
export async function runIn(project: string, node: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(node, [...args], { cwd: project, ...deadline })
  return stdout.trim()
}

const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' }

/** Serves the files of a folder on a port of this machine. */
export async function serve(folder: string): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    readFile(join(folder, pathname)).then(
      (bytes) => response.writeHead(200, { 'content-type': types[extname(pathname)] ?? 'text/plain' }).end(bytes),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop }
}
