import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

/** The folder of the repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '')
/** Caches that go away with the packages. */
export const cache = join(root, 'node_modules', '.cache', 'parley')
/** The Node.js that Parley is run with: a package, so whatever the machine has only has to start this launcher. */
export const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
