import { join } from 'node:path'
import { checkKeyOrThrow, ObjectNotFoundError } from './objects.ts'

/** Of the folder that has the parts of an object. No key ends so, for a key's last letter is none of these. */
export const partsEnding = '+'

export interface FolderPaths {
  objects: string
  /** Files being written, or thrown away. */
  incoming: string
  uploads: string
  /** Of an object. @throws Error when it is no key */
  file(key: string): string
  /** Of an upload in parts. @throws ObjectNotFoundError when it is no id */
  upload(id: string): string
}

export function folderPaths(root: string): FolderPaths {
  const objects = join(root, 'objects')
  const uploads = join(root, 'uploads')
  return {
    objects,
    incoming: join(root, 'incoming'),
    uploads,
    file(key) {
      checkKeyOrThrow(key)
      return join(objects, key)
    },
    upload(id) {
      if (!/^[0-9a-f-]{36}$/.test(id)) throw new ObjectNotFoundError(id)
      return join(uploads, id)
    },
  }
}
