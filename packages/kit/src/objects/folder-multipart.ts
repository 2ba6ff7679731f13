import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ifThere, orUnavailable, syncFolder, writeFileWhole } from './folder-files.ts'
import { partsEnding, type FolderPaths } from './folder-paths.ts'
import { ObjectNotFoundError, type Multipart, type Part } from './objects.ts'

const maxParts = 10_000
const nameOf = (number: number): string => String(number).padStart(6, '0')

/**
 * A folder of parts, which completing moves to the object's place. A part that is still on its way then finds the folder gone: the
 * object is what it was.
 */
export function folderMultipart(paths: FolderPaths, key: string, id: string): Multipart {
  const folder = paths.upload(id)
  const target = paths.file(key) + partsEnding
  return {
    id,
    async put(number, body, { sizeBytes, signal }) {
      if (!Number.isInteger(number) || number < 1 || number > maxParts) throw new RangeError(`No part ${number}`)
      const incoming = join(paths.incoming, randomUUID())
      await writeFileWhole(incoming, body, { sizeBytes, signal })
      if ((await orUnavailable(ifThere(rename(incoming, join(folder, nameOf(number))).then(() => true)))) === true)
        return
      await orUnavailable(rm(incoming, { force: true }))
      throw new ObjectNotFoundError(key)
    },
    async parts() {
      const names = await orUnavailable(ifThere(readdir(folder)))
      if (names === null) throw new ObjectNotFoundError(key)
      return orUnavailable(Promise.all(names.toSorted().map((name) => partOf(folder, name))))
    },
    async complete() {
      await orUnavailable(mkdir(dirname(target), { recursive: true, mode: 0o700 }))
      const moved = await orUnavailable(
        ifThere(
          syncFolder(folder)
            .then(() => rename(folder, target))
            .then(() => true),
        ),
      )
      if (moved === true) return orUnavailable(syncFolder(dirname(target)))
      if ((await orUnavailable(ifThere(stat(target)))) === null) throw new ObjectNotFoundError(key)
    },
    abort: () => orUnavailable(rm(folder, { recursive: true, force: true })),
  }
}

const partOf = async (folder: string, name: string): Promise<Part> => ({
  number: Number(name),
  sizeBytes: (await stat(join(folder, name))).size,
})
