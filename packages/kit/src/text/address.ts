import { domainToASCII, domainToUnicode } from 'node:url'
import type { Read } from './visible.ts'

/** Letters, digits and the signs of RFC 5322 (atext); beyond ASCII letters, marks, numbers and symbols (RFC 6531). */
const atom = /^(?:[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]|(?!\p{ASCII})[\p{S}\p{P}])+$/u
const ignorable = /[\p{Default_Ignorable_Code_Point}\u2800]/u
/** The characters of a domain before it is mapped: no escapes, ports or brackets, which a parser of URLs would follow. */
const written = /^[\p{L}\p{M}\p{N}.\u3002\uff0e\uff61-]+$/u
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

const maxLocalBytes = 64
const maxLength = 254

/**
 * Reads an e-mail address in its one spelling: the local part in NFC and lower case, the domain as A-labels (UTS #46 as
 * `node:url` does it; RFC 5890). Refused: what RFC 5321 refuses, such as dots at the ends or two in a row. It refuses also quoted local
 * parts, literal addresses, a domain without a dot, and invisible characters.
 */
export function readAddress(text: string): Read {
  const trimmed = text.trim()
  const at = trimmed.lastIndexOf('@')
  if (at < 1) return { fault: 'must be an e-mail address' }
  const local = trimmed.slice(0, at).normalize('NFC').toLowerCase().normalize('NFC')
  const domain = asciiDomain(trimmed.slice(at + 1))
  if (ignorable.test(trimmed)) return { fault: 'must not contain invisible characters' }
  if (!local.split('.').every((part) => atom.test(part)) || Buffer.byteLength(local) > maxLocalBytes)
    return { fault: 'must have a local part as in name.surname before the @' }
  if (domain === null) return { fault: 'must have a domain after the @' }
  const value = `${local}@${domain}`
  return value.length > maxLength ? { fault: `must have at most ${maxLength} characters` } : { value }
}

/** The domain as A-labels in lower case; null if it is none. */
function asciiDomain(domain: string): string | null {
  if (!written.test(domain)) return null
  const ascii = domainToASCII(domain.normalize('NFC'))
  const labels = ascii.split('.')
  const isNumber = /^\d+$/.test(labels.at(-1) ?? '')
  // A name without a dot is mostly a typing error. This one is for trying out.
  const isWhole = labels.length > 1 || ascii === 'localhost'
  const isFair = ascii.length <= 253 && !isNumber && isWhole && labels.every((one) => label.test(one))
  // An A-label that says nothing is shown as it is.
  const shown = domainToUnicode(ascii)
  const isDecoded = shown.split('.').every((one) => !one.startsWith('xn--'))
  return isFair && isDecoded && domainToASCII(shown) === ascii ? ascii : null
}

/** An address as people write it: the domain as U-labels (RFC 5890), where they lead back to it. */
export function shownAddress(address: string): string {
  const at = address.lastIndexOf('@')
  const domain = address.slice(at + 1)
  const shown = domainToUnicode(domain)
  return shown !== '' && domainToASCII(shown) === domain ? address.slice(0, at + 1) + shown : address
}

/**
 * The mailbox that an address leads to, for limits: what follows a `+` is a note to oneself at nearly every provider.
 * Dots count, as they do at most.
 */
export function mailboxOf(address: string): string {
  const at = address.lastIndexOf('@')
  const [user = ''] = address.slice(0, at).split('+', 1)
  return (user === '' ? address.slice(0, at) : user) + address.slice(at)
}

/** The spelling of an address that was stored before there was `readAddress`. */
export const formerAddress = (text: string): string => text.trim().toLowerCase()
