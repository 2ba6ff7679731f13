const code = /^([a-z]{3})-?([a-z]{4})-?([a-z]{3})$/
const inLink = /\/m\/([a-z-]{10,12})(?![a-z-])/

/**
 * The meeting code in what somebody typed or pasted, as `abc-defg-hij`: a code with or without dashes or spaces, or a
 * link that has it behind `/m/`. Null if there is none.
 */
export function parseMeetingCode(input: string): string | null {
  const text = input.slice(0, 2000).trim().toLowerCase()
  const candidate = inLink.exec(text)?.[1] ?? text.replace(/\s+/g, '')
  const parts = code.exec(candidate)
  return parts === null ? null : parts.slice(1).join('-')
}

/** The text of a code field while one types: letters only, grouped 3-4-3; a pasted link becomes its code. */
export function formatMeetingCode(input: string): string {
  const whole = parseMeetingCode(input)
  if (whole !== null) return whole
  const letters = input
    .toLowerCase()
    .replace(/[^a-z]/g, '')
    .slice(0, 10)
  return [letters.slice(0, 3), letters.slice(3, 7), letters.slice(7)].filter((part) => part !== '').join('-')
}
