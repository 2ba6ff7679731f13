import { hasVisible, nameOfCharacter, nothingToSee, type Read } from './visible.ts'

/**
 * Emoji, with the joiners, selectors and tags that belong to them: those recommended for interchange (UTS #51), and pictographs with a
 * variation selector. Further joined ones count too, for they may be newer than our tables.
 */
const emoji =
  /\p{RGI_Emoji}|\p{ExtPict}\p{EMod}?\uFE0F?(?:\u200D\p{ExtPict}\p{EMod}?\uFE0F?){1,8}|\p{ExtPict}[\uFE0E\uFE0F]/gv

/** Scripts in which a (non-)joiner between letters changes what is read (RFC 5892, A.1 and A.2): Arabic and Indic ones. */
const joining =
  '\\p{scx=Arab}\\p{scx=Syrc}\\p{scx=Mong}\\p{scx=Nkoo}\\p{scx=Adlm}\\p{scx=Deva}\\p{scx=Beng}\\p{scx=Guru}\\p{scx=Gujr}' +
  '\\p{scx=Orya}\\p{scx=Taml}\\p{scx=Telu}\\p{scx=Knda}\\p{scx=Mlym}\\p{scx=Sinh}\\p{scx=Khmr}\\p{scx=Mymr}\\p{scx=Tibt}'
const letter = `[[${joining}]&&[\\p{L}\\p{M}]]`
const joiner = new RegExp(`(?<=${letter})[\\u200C\\u200D](?=${letter})`, 'gv')
/** Variants of ideographs (UTS #37) and of Mongolian letters. */
const variant = /(?<=\p{scx=Han})[\uFE00-\uFE02\u{E0100}-\u{E01EF}]|(?<=\p{scx=Mong})[\u180B-\u180D\u180F]/gu

/** The characters that RFC 8264 (FreeformClass) refuses and no name needs; bidi controls are ignorable too. */
const refused =
  /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Bidi_Control}\uFFF9-\uFFFB]/u

/** More than 4 nonspacing marks in a row, or the same one twice (UTS #39, 5.4); asked of the decomposed form. */
const piled = /[\p{Mn}\p{Me}]{5}|([\p{Mn}\p{Me}])\1/u

/**
 * Reads a name as the profile Nickname does (RFC 8266, 2.1). NFC replaces NFKC, so that it is shown as it was written: odd spaces become
 * U+0020, several become one, none is left at the ends. Besides, nothing invisible hides in it, something is
 * visible, and marks do not pile up. Case, and letters that look alike, are left alone.
 */
export function readName(text: string): Read {
  const value = text
    .replace(/[\p{Zs}\u2800]+/gu, ' ')
    .replace(/^ | $/g, '')
    .normalize('NFC')
  const bare = value.replace(emoji, '☺').replace(joiner, '').replace(variant, '')
  const [odd] = refused.exec(bare) ?? []
  if (odd !== undefined) return { fault: `must not contain ${nameOfCharacter(odd)} there` }
  if (!hasVisible(bare)) return { fault: nothingToSee }
  if (/^\p{M}/u.test(bare)) return { fault: 'must not begin with a combining mark' }
  if (piled.test(bare.normalize('NFD'))) return { fault: 'must not pile up combining marks' }
  return { value }
}

/** The same for a name that somebody else vouches for: what a name may not have is left out; `fallback` if nothing is left. */
export function repairName(text: string, fallback: string): string {
  const tame = text.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
  for (const one of [
    tame,
    tame.replace(/[\p{C}\p{Default_Ignorable_Code_Point}]/gu, ''),
    tame.replace(/[\p{C}\p{M}\p{Default_Ignorable_Code_Point}]/gu, ''),
  ]) {
    const read = readName(one)
    if ('value' in read) return read.value
  }
  return fallback
}
