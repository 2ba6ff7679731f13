import { FileRefusedError } from './refused.ts'

/** Marks that a picture has no reason to hold and that other programs take for something else. */
const strange = /<script[\s>/]|<html[\s>]|<!doctype\s+html|<\?php\s|<svg[\s>]|javascript:/i
const pdfWithin = 1_024
const zipEnd = Buffer.from([0x50, 0x4b, 5, 6])
const zipEndBytes = 22

/**
 * Refuses a picture that is also a page, a script, a PDF or an archive.
 * @throws FileRefusedError
 */
export function checkOnlyPictureOrThrow(bytes: Buffer): void {
  if (strange.test(bytes.toString('latin1'))) throw new FileRefusedError('The picture holds a script or a page')
  if (bytes.subarray(0, pdfWithin).includes('%PDF-')) throw new FileRefusedError('The picture is also a PDF')
  if (endsAsZip(bytes)) throw new FileRefusedError('The picture is also an archive')
}

/** The end of a central directory (APPNOTE 4.3.16), whose comment reaches about to the end of the file. */
function endsAsZip(bytes: Buffer): boolean {
  const at = bytes.lastIndexOf(zipEnd)
  return at !== -1 && at + zipEndBytes <= bytes.length && bytes.length - at <= zipEndBytes + 0xffff
}
