/** Control characters, bidi controls and line ends: in a terminal they would move the cursor or turn the line round. */
const unsafe = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu

/** A text for a log: what would act on a terminal, or begin another line, is written as its number. */
export const loggable = (text: string): string =>
  text.replace(unsafe, (character) =>
    character === '\t' ? character : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
