import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cleanEnvironment } from './environment.mjs'
import { cache, node, root } from './paths.mjs'
import { hashOf, isCurrent, writeStamp } from './stamp.mjs'
import { runQuietly, tell } from './step.mjs'

const web = join(root, 'packages', 'web')
const sources = [
  'packages/web/src',
  'packages/web/public',
  'packages/web/index.html',
  'packages/web/vite.config.ts',
  'packages/web/package.json',
  'packages/client/src',
  'packages/contracts/src',
  'pnpm-lock.yaml',
]
const stamp = join(cache, 'web-page')
const timeoutMs = 3 * 60_000

/** Builds the web page, unless what is in packages/web/dist comes from these very sources. */
export async function ensureWebPage() {
  const wanted = hashOf(sources.map((path) => join(root, path)))
  if (existsSync(join(web, 'dist', 'index.html')) && isCurrent(stamp, wanted)) return
  tell('Building the web page (about 5 s)…')
  await runQuietly(node, [join(web, 'node_modules', 'vite', 'bin', 'vite.js'), 'build'], {
    what: 'Building the web page',
    cwd: web,
    env: cleanEnvironment(),
    timeoutMs,
  })
  writeStamp(stamp, wanted)
}
