/**
 * A character that leaves a mark on the screen by itself: no space, no control or format character, none of the
 * `Default_Ignorable_Code_Point`s (Unicode, 5.21), no mark that needs another character, and none of the blanks that
 * Unicode counts among symbols and letters (Braille, musical and Egyptian).
 */
const visible =
  /[^\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{M}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\u{1d159}\u{13441}\u{13442}]/u

/** Whether a person sees anything of a text. */
export const hasVisible = (text: string): boolean => visible.test(text)

export const nothingToSee = 'must have at least one visible character'

/** How a fault names a character: by its number, so that the fault itself shows nothing odd. */
export const nameOfCharacter = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`

/** The outcome of reading a text by a rule: its normalised form, or what is wrong with it. */
export type Read = { value: string } | { fault: string }
