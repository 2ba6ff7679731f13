const left = '[link left out]'

/** The texts that mail programs make links of: URLs, e-mail addresses and bare domains with or without a path. */
const links = [
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/\S*/giu,
  /\b(?:mailto|tel|sms|javascript|data):\S+/giu,
  /[^\s@<>"“”()]{1,64}@[\p{L}\p{N}-]{1,63}(?:[.\u3002\uff0e\uff61][\p{L}\p{N}-]{1,63}){0,8}/gu,
  /(?<![\p{L}\p{N}])(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?[.\u3002\uff0e\uff61]){1,8}(?:xn--[a-z0-9-]{2,59}|\p{L}{2,63})(?![\p{L}\p{N}])(?::\d{1,5})?(?:[/?#]\S*)?/giu,
  /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])(?::\d{1,5})?(?:[/?#]\S*)?/gu,
]

/** A stranger's text without anything that a mail program would make a link of. */
export const withoutLinks = (text: string): string => links.reduce((tame, link) => tame.replace(link, left), text)

/** A stranger's text as part of one line of a mail of ours: one line, without links, isolated from the text around it. */
export const quoted = (text: string): string =>
  `\u2068${withoutLinks(text.replace(/[\s\p{Cc}\p{Bidi_Control}]+/gu, ' ').trim())}\u2069`
