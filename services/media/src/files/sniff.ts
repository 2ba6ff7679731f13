import { fileTypeFromBuffer } from 'file-type'
import { canonicalType, unknownType } from './types.ts'

/** As many bytes from the beginning say what a file is. */
export const headBytes = 65_536

/**
 * The type of bytes, by their beginning: a known signature, or text of a kind, or unknown. A browser could take such bytes for a page or a
 * drawing with scripts (WHATWG MIME Sniffing, 7.1, and beyond). They are called that.
 */
export async function sniff(head: Buffer): Promise<string> {
  const text = textIn(head, 'utf-8')
  // Before signatures: a browser that guesses begins here too.
  if (text !== null && !text.startsWith('%PDF-') && !text.startsWith('{\\rtf')) return kindOfText(text)
  const found = await fileTypeFromBuffer(head).catch(() => undefined)
  if (found !== undefined) return canonicalType(found.mime)
  const older = textIn(head, encodingByMark(head))
  return older === null ? unknownType : kindOfText(older)
}

/** The encodings of older programs: UTF-16 has a mark, and what has none is taken for that of Western Windows. */
function encodingByMark(head: Buffer): string {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  return head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : 'windows-1252'
}

/** Bytes that no text has: control characters that are no space. */
const controls = /[^\P{Cc}\s]/u

/** Null for what is no text in that encoding; a character cut off at the end is no fault. */
function textIn(head: Buffer, encoding: string): string | null {
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(head, { stream: head.length >= headBytes })
    return controls.test(text) ? null : text
  } catch {
    return null
  }
}

const page =
  /^<(?:!doctype\s+html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--|meta|link|base|object|embed|form|img)[\s/>-]/i
const drawing = /<svg[\s>]/i
const script = /<(?:script|html|body|iframe|foreignobject)[\s/>]|xmlns\s*=\s*["']http:\/\/www\.w3\.org\/1999\/xhtml/i

function kindOfText(text: string): string {
  const begin = text.trimStart()
  if (page.test(begin)) return 'text/html'
  if (!/^<[?!a-z]/i.test(begin)) return 'text/plain'
  if (drawing.test(begin)) return 'image/svg+xml'
  if (script.test(begin)) return 'text/html'
  return begin.startsWith('<?xml') ? 'application/xml' : 'text/plain'
}
