/**
 * How much an Accept header (RFC 9110, section 12.5.1) wants a media type, from 0 (not at all) to 1: of the ranges that fit, the most
 * specific one says so. Without the header everything is welcome.
 */
function qualityOf(accept: string | undefined, mediaType: string): number {
  if (accept === undefined || accept.trim() === '') return 1
  const [type = ''] = mediaType.split('/', 1)
  const ranges = [mediaType, `${type}/*`, '*/*']
  let best = { rank: ranges.length, quality: 0 }
  for (const element of accept.toLowerCase().split(',', maxRanges)) {
    const [range = '', ...parameters] = element.split(';').map((part) => part.trim())
    const rank = ranges.indexOf(range)
    if (rank !== -1 && rank < best.rank) best = { rank, quality: weightOf(parameters) }
  }
  return best.quality
}

/** A browser names about eight. */
const maxRanges = 100

/** A weight that is none counts as the whole one: who sends it wants the type. */
function weightOf(parameters: readonly string[]): number {
  const given = parameters.find((one) => one.startsWith('q='))
  if (given === undefined) return 1
  const weight = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(given)?.[1]
  return weight === undefined ? 1 : Number(weight)
}

/** Whether HTML is an answer that the sender of this header takes. */
export const takesHtml = (accept: string | undefined): boolean => qualityOf(accept, 'text/html') > 0

/** Whether the sender would rather have HTML than plain text. */
export const prefersHtml = (accept: string | undefined): boolean =>
  qualityOf(accept, 'text/html') > qualityOf(accept, 'text/plain') ||
  (accept !== undefined && /text\/html/i.test(accept) && qualityOf(accept, 'text/html') === 1)
