/** A piece of a message: plain text, or a link with the address to open. */
export type Piece = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string }

// Direction marks end an address: with them it could read as another one than it opens.
const address = /\b(?:https?:\/\/|www\.)[^\s<>"\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gi
const closers: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

/** Cuts a message into text and http(s) links. Punctuation at the end of an address and unmatched brackets stay text. */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = []
  let done = 0
  for (const match of text.matchAll(address)) {
    const found = trimmed(match[0])
    const href = hrefOf(found)
    if (href === null) continue
    if (match.index > done) pieces.push({ kind: 'text', text: text.slice(done, match.index) })
    pieces.push({ kind: 'link', text: found, href })
    done = match.index + found.length
  }
  if (done < text.length) pieces.push({ kind: 'text', text: text.slice(done) })
  return pieces
}

function trimmed(found: string): string {
  let end = found.length
  while (end > 0) {
    const last = found[end - 1] ?? ''
    const opener = closers[last]
    const loose = opener === undefined ? /[.,;:!?'*_~]/.test(last) : count(found, last, end) > count(found, opener, end)
    if (!loose) break
    end -= 1
  }
  return found.slice(0, end)
}

function count(text: string, character: string, end: number): number {
  let n = 0
  for (let i = 0; i < end; i += 1) if (text[i] === character) n += 1
  return n
}

function hrefOf(found: string): string | null {
  const url = URL.parse(found.toLowerCase().startsWith('www.') ? `https://${found}` : found)
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') return null
  return url.href
}
