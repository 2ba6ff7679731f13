import { decrypt, deriveKey, encrypt } from '@parley/kit'

export interface Sealer {
  seal(text: string, context: string): string
  /** The text again, or null when none of the secrets opens it. */
  open(sealed: string, context: string): string | null
}

const purpose = 'parley/auth/signing-keys'
const encrypted = 'gcm1:'
const plain = 'plain:'

/**
 * Keeps private keys unreadable in the database: sealed under the current secret, opened under the current or the previous
 * one. Without a secret (development) they are stored as they are; what was stored so stays readable when a secret comes.
 */
export function createSealer(current: string | undefined, previous: string | undefined): Sealer {
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
