import { readdirSync, readFileSync } from 'node:fs'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

// Loads every package that a module of ours names, now or when it comes to it: whether pruning has taken away too much.
// docker run --rm -i --entrypoint node parley --experimental-import-meta-resolve --input-type=module - < loads.mjs
const root = process.argv[2] ?? '/app'
const named = /(?:\bfrom\s+|\bimport\s*\(?\s*)'((?!node:|\.)[^'\s]+)'/g
const found = new Map()
for (const folder of ['packages', 'services', 'deploy'])
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (!/\.(?:ts|mjs)$/.test(file) || file.includes('/node_modules/')) continue
    const source = readFileSync(file, 'utf8')
    // A package that is named for its types alone is not needed.
    const text = file.endsWith('.ts') ? stripTypeScriptTypes(source) : source
    for (const [, name] of text.matchAll(named))
      found.set(`${createRequire(file).resolve.paths(name)?.[0]} ${name}`, file)
  }
let faults = 0
for (const [key, file] of found) {
  const name = key.split(' ')[1]
  try {
    await import(import.meta.resolve(name, pathToFileURL(file).href))
  } catch (error) {
    faults += 1
    console.log(`${file} cannot load ${name}: ${error.message.split('\n')[0]}`)
  }
}
console.log(`${found.size} loaded, ${faults} not`)
process.exit(faults === 0 && found.size > 20 ? 0 : 1)
