import type { SfuModule } from './load.ts'

/** The element of the script tag. A module or a worker has none: the second file is then beside its page. */
const script = globalThis.document?.currentScript
const address = new URL(script && 'src' in script ? script.src : globalThis.location.href)

/** As `load.ts`, for the file of a script tag. The second file lies beside it, and is asked for with the same query. */
export function loadSfu(): Promise<SfuModule> {
  const second = new URL('parley-sfu.min.js', address)
  second.search = address.search
  return import(second.href)
}
