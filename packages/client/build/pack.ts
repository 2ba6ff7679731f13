import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageFolder } from './build.ts'

/** Packs what was built by `npm pack`; resolves to the path of the tarball, in the same folder. */
export async function packPackage(folder: string = packageFolder): Promise<string> {
  const { stdout } = await promisify(execFile)('npm', ['pack', '--json'], { cwd: folder, timeout: 60_000 })
  const [packed] = JSON.parse(stdout) as { filename: string }[]
  if (packed === undefined) throw new Error('npm pack made nothing')
  return join(folder, packed.filename)
}
