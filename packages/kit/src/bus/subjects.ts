const token = /^[A-Za-z0-9_-]+$/

/** NATS itself accepts `a..b` and `room.*.x` on publish and then loses the message: refused here. */
export function checkPublishable(subject: string): void {
  if (!subject.split('.').every((part) => token.test(part))) throw new TypeError(`Malformed subject: ${subject}`)
}

/** As `checkPublishable`, but `*` may stand for one token and a last `>` for one or more. */
export function checkSubscribable(subject: string): void {
  const parts = subject.split('.')
  const fine = parts.every((part, at) => token.test(part) || part === '*' || (part === '>' && at === parts.length - 1))
  if (!fine) throw new TypeError(`Malformed subject: ${subject}`)
}

/** Throws unless `text` can be one token of a subject. */
export function checkToken(text: string): void {
  if (!token.test(text)) throw new TypeError(`Not a subject token: ${text}`)
}

export const hasWildcard = (subject: string): boolean => subject.includes('*') || subject.includes('>')

/** Whether a published subject falls under a subscribed one. */
export function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.')
  const given = subject.split('.')
  for (const [at, part] of wanted.entries()) {
    if (part === '>') return given.length > at
    if (given[at] === undefined || (part !== '*' && part !== given[at])) return false
  }
  return wanted.length === given.length
}
