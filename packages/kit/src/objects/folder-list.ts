import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { ifThere } from './folder-files.ts'
import { partsEnding, type FolderPaths } from './folder-paths.ts'
import type { ListedObject } from './objects.ts'

const pageSize = 1_000

/** Walks the whole folder each time: meant for the sweep of orphans, which comes by seldom. */
export async function listFolder(
  { objects }: FolderPaths,
  prefix: string,
  after = '',
): Promise<{ keys: ListedObject[]; more: boolean }> {
  const paths = new Set<string>()
  for (const entry of await readdir(objects, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const isParts = entry.isDirectory() && entry.name.endsWith(partsEnding)
    if (isParts || (entry.isFile() && !entry.parentPath.endsWith(partsEnding))) paths.add(path)
  }
  const found = [...paths]
    .map((path) => ({ path, key: keyOf(objects, path) }))
    .filter(({ key }) => key.startsWith(prefix) && key > after)
    .toSorted((one, other) => (one.key < other.key ? -1 : 1))
  const listed = await Promise.all(found.slice(0, pageSize).map(({ path, key }) => ifThere(measured(path, key))))
  return { keys: listed.filter((one) => one !== null), more: found.length > pageSize }
}

function keyOf(objects: string, path: string): string {
  const key = relative(objects, path).split(sep).join('/')
  return key.endsWith(partsEnding) ? key.slice(0, -partsEnding.length) : key
}

async function measured(path: string, key: string): Promise<ListedObject> {
  const about = await stat(path)
  if (!about.isDirectory()) return { key, sizeBytes: about.size, modifiedAt: about.mtimeMs }
  const parts = await Promise.all((await readdir(path)).map((name) => stat(join(path, name))))
  return { key, sizeBytes: parts.reduce((sum, { size }) => sum + size, 0), modifiedAt: about.mtimeMs }
}
