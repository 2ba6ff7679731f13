import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { buildPackage, packageFolder } from './build.ts'
import { packPackage } from './pack.ts'

await buildPackage()
const tarball = await packPackage()
const kB = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`
const sizes = ['parley.min.js', 'parley-sfu.min.js'].map(async (name) => {
  const script = await readFile(join(packageFolder, name))
  return `${name}: ${kB(script.length)}, ${kB(gzipSync(script, { level: 9 }).length)} by gzip`
})
process.stdout.write(`${[relative(process.cwd(), tarball), ...(await Promise.all(sizes))].join('\n')}\n`)
