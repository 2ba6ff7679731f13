import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat, statfs, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { folderMultipart } from './folder-multipart.ts'
import { folderPaths, partsEnding, type FolderPaths } from './folder-paths.ts'
import { listFolder } from './folder-list.ts'
import { ifThere, orUnavailable, syncFolder, writeFileWhole } from './folder-files.ts'
import { readParts, type StoredPart } from './folder-read.ts'
import { checkKeyOrThrow, ObjectNotFoundError, type Objects } from './objects.ts'

/**
 * Objects in a folder: each a file, or, if it came in parts, a folder of them with a list. Written beside and moved to its place
 * when it is on the disk. Several processes may share the folder.
 */
export async function openFolderObjects(root: string): Promise<Objects> {
  const paths = folderPaths(root)
  for (const dir of [paths.objects, paths.incoming, paths.uploads])
    await orUnavailable(mkdir(dir, { recursive: true, mode: 0o700 }))
  return {
    async put(key, body, { sizeBytes, signal }) {
      const target = paths.file(key)
      const incoming = join(paths.incoming, randomUUID())
      await writeFileWhole(incoming, body, { sizeBytes, signal })
      await orUnavailable(place(incoming, target))
    },
    async get(key, range) {
      const parts = await partsOf(paths, key)
      if (parts === null) throw new ObjectNotFoundError(key)
      return { body: readParts(parts, range), sizeBytes: sizeOf(parts) }
    },
    async head(key) {
      const parts = await partsOf(paths, key)
      return parts === null ? null : { sizeBytes: sizeOf(parts) }
    },
    async delete(key) {
      const file = paths.file(key)
      await orUnavailable(ifThere(unlink(file)))
      // Out of sight at once, however long its parts take to go.
      const away = join(paths.incoming, randomUUID())
      if ((await orUnavailable(ifThere(rename(file + partsEnding, away).then(() => true)))) === true)
        await orUnavailable(rm(away, { recursive: true, force: true }))
    },
    list: (prefix, after) => orUnavailable(listFolder(paths, prefix, after)),
    async multipart(key) {
      checkKeyOrThrow(key)
      const id = randomUUID()
      await orUnavailable(mkdir(paths.upload(id), { mode: 0o700 }))
      return folderMultipart(paths, key, id)
    },
    resume: (key, id) => folderMultipart(paths, key, id),
    reachable: () =>
      statfs(paths.objects).then(
        ({ bavail }) => bavail > 0,
        () => false,
      ),
    close() {},
  }
}

async function place(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  await rename(from, to)
  await syncFolder(dirname(to))
}

const sizeOf = (parts: readonly StoredPart[]): number => parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)

/** The files that hold an object, in order; null if there is none. */
async function partsOf(paths: FolderPaths, key: string): Promise<StoredPart[] | null> {
  const path = paths.file(key)
  const file = await orUnavailable(ifThere(stat(path)))
  if (file?.isFile() === true) return [{ path, sizeBytes: file.size }]
  const folder = path + partsEnding
  const names = await orUnavailable(ifThere(readdir(folder)))
  if (names === null) return null
  const parts = names.toSorted().map(async (name) => {
    const path = join(folder, name)
    return { path, sizeBytes: (await stat(path)).size }
  })
  return orUnavailable(ifThere(Promise.all(parts)))
}
