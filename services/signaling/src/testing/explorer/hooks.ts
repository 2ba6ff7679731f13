import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** A piece of source that is another one in this thread. Paths are relative to the root of the repository. */
export interface Edit {
  file: string
  find: string
  replace: string
}

const here = import.meta.dirname
const root = join(here, '..', '..', '..', '..', '..')
const shims: Readonly<Record<string, string>> = {
  'node:timers/promises': pathToFileURL(join(here, 'shim-timers.ts')).href,
  'node:crypto': pathToFileURL(join(here, 'shim-crypto.ts')).href,
}
const isOurs = (url: string | undefined): boolean =>
  url !== undefined &&
  url.startsWith(pathToFileURL(root).href) &&
  !url.includes('/node_modules/') &&
  !url.includes('/shim-')

/** The source with the edits in it. @throws where what an edit looks for is not there exactly once: it says nothing any more */
export function edited(source: string, edits: readonly Edit[]): string {
  let text = source
  for (const { file, find, replace } of edits) {
    const parts = text.split(find)
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} places with: ${find}`)
    text = parts.join(replace)
  }
  return text
}

export const sourceOf = (file: string): string => readFileSync(join(root, file), 'utf8')

/** From now on modules of ours are loaded with the edits, and get simulated timers; nothing is written anywhere. */
export function installHooks(edits: readonly Edit[]): void {
  const byUrl = new Map<string, Edit[]>()
  for (const edit of edits) {
    const { href } = pathToFileURL(join(root, edit.file))
    byUrl.set(href, [...(byUrl.get(href) ?? []), edit])
  }
  registerHooks({
    resolve(specifier, context, next) {
      const shim = isOurs(context.parentURL) ? shims[specifier] : undefined
      return shim === undefined ? next(specifier, context) : { url: shim, shortCircuit: true }
    },
    load(url, context, next) {
      const mine = byUrl.get(url)
      if (mine === undefined) return next(url, context)
      return { ...next(url, context), source: edited(readFileSync(fileURLToPath(url), 'utf8'), mine) }
    },
  })
}
