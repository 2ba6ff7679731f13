import { decrypt, deriveKey, encrypt } from './gcm.ts'

/** Keeps what is secret unreadable in a database. */
export interface Sealer {
  seal(text: string, context: string): string
  /** The text again, or null when none of the secrets opens it. */
  open(sealed: string, context: string): string | null
}

const encrypted = 'gcm1:'
const plain = 'plain:'

/**
 * Seals under the current secret, opens under the current or the previous one; `purpose` keeps the keys of two uses apart. Without
 * a secret (development) texts are stored as they are; what was stored so stays readable when a secret comes.
 */
export function createSealer(purpose: string, current: string | undefined, previous: string | undefined): Sealer {
  const [key, ...others] = [current, previous].flatMap((secret) =>
    secret === undefined ? [] : [deriveKey(secret, purpose)],
  )
  return {
    seal: (text, context) => (key === undefined ? plain + text : encrypted + encrypt(key, text, context)),
    open(sealed, context) {
      if (sealed.startsWith(plain)) return sealed.slice(plain.length)
      for (const one of key === undefined ? [] : [key, ...others]) {
        const text = tryDecrypt(one, sealed.slice(encrypted.length), context)
        if (text !== null) return text
      }
      return null
    },
  }
}

function tryDecrypt(key: Buffer, sealed: string, context: string): string | null {
  try {
    return decrypt(key, sealed, context)
  } catch {
    // Another secret's: GCM says so by failing.
    return null
  }
}
