/** The types that sharp reads and browsers show. */
export const avatarTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']

/** Other names of the same types. */
const aliases: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'image/pjpeg': 'image/jpeg',
  'image/apng': 'image/png',
  'application/x-zip-compressed': 'application/zip',
  'application/x-pdf': 'application/pdf',
  'text/xml': 'application/xml',
  'text/x-markdown': 'text/markdown',
  'audio/mp3': 'audio/mpeg',
  'audio/x-wav': 'audio/wav',
  'audio/vnd.wave': 'audio/wav',
  'audio/wave': 'audio/wav',
  'audio/x-m4a': 'audio/mp4',
  'audio/x-flac': 'audio/flac',
  'audio/opus': 'audio/ogg',
  'application/ogg': 'audio/ogg',
  'video/x-m4v': 'video/mp4',
  'video/matroska': 'video/webm',
}

/** One name for each type, without parameters. */
export function canonicalType(type: string): string {
  const plain = type.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return aliases[plain] ?? plain
}

/** The types that say nothing. */
export const unknownType = 'application/octet-stream'

/** Types of text that no byte tells apart. */
const texts = new Set(['text/plain', 'text/csv', 'text/markdown', 'application/json'])
/** Containers in which sound alone and pictures with sound look the same. */
const containers = new Set(['mp4', 'webm', 'ogg'])

/**
 * The type under which a file is kept, of what its owner said and its bytes show; null when these contradict each other.
 */
export function settledType(declared: string, shown: string): string | null {
  if (declared === shown || declared === unknownType) return shown
  if (texts.has(declared) && shown === 'text/plain') return declared
  const [said, is] = [declared.split('/'), shown.split('/')]
  const media = [said[0], is[0]].every((kind) => kind === 'audio' || kind === 'video')
  return media && said[1] === is[1] && containers.has(said[1] ?? '') ? declared : null
}
