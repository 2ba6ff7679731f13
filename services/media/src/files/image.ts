import { createSemaphore } from '@parley/kit'
import sharp from 'sharp'
import { FileRefusedError } from './refused.ts'

// One picture takes one core, and no memory when it is done.
sharp.concurrency(1)
sharp.cache(false)

export interface Picture {
  width: number
  height: number
  preview: Buffer
}

export interface Avatar extends Picture {
  image: Buffer
}

const avatarSize = 512
const avatarPreviewSize = 96
const previewSize = 800
/** Frames of an animation. */
const maxFrames = 1_000
const decodeSeconds = 15
const limits = { running: 1, waiting: 200, waitMs: 60_000, full: 'Too many pictures are being looked at' }
const pass = createSemaphore(limits)

/** Looks at a picture, all of whose pixels must be readable, and makes a preview. @throws FileRefusedError */
export const readPicture = (bytes: Buffer, type: string, maxPixels: number): Promise<Picture> =>
  pass(() =>
    refusing(async () => ({ ...(await sizeOf(bytes, type, maxPixels)), preview: await fitted(bytes, maxPixels) })),
  )

/** Makes two squares of a picture. Nothing of its file goes into them but pixels. @throws FileRefusedError */
export const makeAvatar = (bytes: Buffer, type: string, maxPixels: number): Promise<Avatar> =>
  pass(() =>
    refusing(async () => {
      await sizeOf(bytes, type, maxPixels)
      const image = await square(bytes, avatarSize, maxPixels)
      return {
        width: avatarSize,
        height: avatarSize,
        image,
        preview: await square(image, avatarPreviewSize, maxPixels),
      }
    }),
  )

const open = (bytes: Buffer, limitInputPixels: number) =>
  sharp(bytes, { limitInputPixels, failOn: 'error' }).timeout({ seconds: decodeSeconds }).autoOrient()

const square = (bytes: Buffer, size: number, maxPixels: number): Promise<Buffer> =>
  open(bytes, maxPixels).resize(size, size, { fit: 'cover' }).webp({ quality: 82 }).toBuffer()

const fitted = (bytes: Buffer, maxPixels: number): Promise<Buffer> =>
  open(bytes, maxPixels)
    .resize(previewSize, previewSize, { fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 80 })
    .toBuffer()

const formats: Readonly<Record<string, readonly string[]>> = {
  'image/png': ['png'],
  'image/jpeg': ['jpeg'],
  'image/gif': ['gif'],
  'image/webp': ['webp'],
  'image/avif': ['heif', 'avif'],
}

/** As it is shown, turned upright. */
async function sizeOf(bytes: Buffer, type: string, maxPixels: number): Promise<{ width: number; height: number }> {
  const {
    format,
    width,
    height,
    pages = 1,
    pageHeight = height,
    orientation = 1,
  } = await sharp(bytes, {
    limitInputPixels: false,
  }).metadata()
  if (formats[type]?.includes(format) !== true) throw new FileRefusedError(`The bytes are no ${type}`)
  if (width * pageHeight > maxPixels)
    throw new FileRefusedError(`The picture has ${width} × ${pageHeight} pixels; at most ${maxPixels} are taken`)
  if (pages > maxFrames) throw new FileRefusedError(`The picture has ${pages} frames; at most ${maxFrames} are taken`)
  return orientation >= 5 ? { width: pageHeight, height: width } : { width, height: pageHeight }
}

/** A picture that the library cannot read is at fault itself. */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof FileRefusedError) throw error
    throw new FileRefusedError('The picture is damaged or too complicated')
  }
}
