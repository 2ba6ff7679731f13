import { buffer } from 'node:stream/consumers'
import type { Objects } from '@parley/kit'
import { readArchive } from './archive.ts'
import type { FilesContext } from './context.ts'
import { makeAvatar, readPicture } from './image.ts'
import { keyOf } from './keys.ts'
import { checkOnlyPictureOrThrow } from './polyglot.ts'
import { FileRefusedError } from './refused.ts'
import { headBytes, sniff } from './sniff.ts'
import type { FileRow } from './tables.ts'
import { avatarTypes, settledType, unknownType } from './types.ts'

/** The findings about the bytes of a file. */
export interface Finding {
  contentType: string
  sizeBytes: number
  width: number | null
  height: number | null
  previewBytes: number | null
}

type Tools = Pick<FilesContext, 'objects' | 'config' | 'scanner'>

/**
 * Looks at the bytes of a file: whether they are what its owner said, allowed, and harmless as far as can be told; makes what is shown
 * of pictures. An avatar is kept only as what was made of it. Doing it again does the same. @throws FileRefusedError
 */
export async function inspect(tools: Tools, file: FileRow): Promise<Finding> {
  const { objects, config, scanner } = tools
  const key = keyOf(file.id, 'original')
  const shown = await sniff(await readBytes(objects, key, Math.min(file.size_bytes, headBytes)))
  const type = await typeOf(objects, file, shown)
  const allowed = file.purpose === 'avatar' ? avatarTypes : config.FILES_ATTACHMENT_TYPES
  if (!allowed.includes(type)) throw new FileRefusedError(`Files of the type ${type} are not taken`)
  if (scanner !== null) await scanner.checkOrThrow((await objects.get(key)).body)
  const plain = { contentType: type, sizeBytes: file.size_bytes, width: null, height: null, previewBytes: null }
  return type.startsWith('image/') ? lookAtPicture(tools, file, type) : plain
}

/** @throws FileRefusedError when the bytes contradict what was said */
async function typeOf(objects: Objects, file: FileRow, shown: string): Promise<string> {
  const isZip = shown === 'application/zip' || shown.startsWith('application/vnd.')
  const found = isZip ? await readArchive(objects, keyOf(file.id, 'original'), file.size_bytes) : shown
  // Of an archive without the marks of an office document, the first signature may know more.
  const actual = isZip && found === 'application/zip' ? shown : found
  const type = settledType(file.declared_type, actual)
  if (type !== null) return type
  const what = actual === unknownType ? 'something unknown' : actual
  throw new FileRefusedError(`The bytes are ${what}, not ${file.declared_type}`)
}

async function lookAtPicture({ objects, config }: Tools, file: FileRow, type: string): Promise<Finding> {
  if (file.size_bytes > config.FILES_IMAGE_MAX_BYTES)
    throw new FileRefusedError(`A picture may have at most ${config.FILES_IMAGE_MAX_BYTES} bytes`)
  const bytes = await readBytes(objects, keyOf(file.id, 'original'), file.size_bytes)
  checkOnlyPictureOrThrow(bytes)
  if (file.purpose === 'attachment') {
    const { preview, width, height } = await readPicture(bytes, type, config.FILES_MAX_PIXELS)
    await putPreview(objects, file.id, preview)
    return { contentType: type, sizeBytes: file.size_bytes, width, height, previewBytes: preview.length }
  }
  const { image, preview, width, height } = await makeAvatar(bytes, type, config.FILES_MAX_PIXELS)
  await putPreview(objects, file.id, preview)
  await objects.put(keyOf(file.id, 'avatar'), image, webp)
  return { contentType: webp.contentType, sizeBytes: image.length, width, height, previewBytes: preview.length }
}

const webp = { contentType: 'image/webp' }

const putPreview = (objects: Objects, id: string, preview: Buffer): Promise<void> =>
  objects.put(keyOf(id, 'preview'), preview, webp)

/** From the beginning on. */
const readBytes = async (objects: Objects, key: string, length: number): Promise<Buffer> =>
  buffer((await objects.get(key, { from: 0, to: length - 1 })).body)
