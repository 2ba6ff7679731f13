import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { buildPackage, packageFolder } from './build.ts'
import { packPackage } from './pack.ts'

await buildPackage()
const tarball = await packPackage()
const script = await readFile(join(packageFolder, 'parley.min.js'))
const kB = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`
process.stdout.write(
  `${relative(process.cwd(), tarball)}\nparley.min.js: ${kB(script.length)}, ${kB(gzipSync(script, { level: 9 }).length)} by gzip\n`,
)
