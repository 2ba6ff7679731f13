/**
 * A password as it is hashed and compared: the profile OpaqueString (RFC 8265, 4.2): odd spaces become U+0020, and NFC.
 * So two keyboards that write the same letters in different ways give the same password.
 */
export const secretForm = (text: string): string => text.replace(/\p{Zs}/gu, ' ').normalize('NFC')

/**
 * A passcode as it is hashed and compared. It is read out and typed on phones. So beside `secretForm` full-width letters
 * and the digits of every script are their ASCII twins (RFC 8265, width mapping). Blanks at the ends do not count.
 */
export const passcodeForm = (text: string): string =>
  secretForm(text)
    .replace(/[\uff01-\uff5e]/gu, (wide) => String.fromCodePoint((wide.codePointAt(0) ?? 0) - 0xfee0))
    .replace(/\p{Nd}/gu, asciiDigit)
    .replace(/^\s+|\s+$/gu, '')

/** Decimal digits stand in runs of tens that begin with a zero (Unicode, 4.6). */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0
  let first = code
  while (/^\p{Nd}$/u.test(String.fromCodePoint(first - 1))) first -= 1
  return String((code - first) % 10)
}
