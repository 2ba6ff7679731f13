import { randomInt } from 'node:crypto'

const letters = 'abcdefghijklmnopqrstuvwxyz'

const word = (length: number): string =>
  Array.from({ length }, () => letters.charAt(randomInt(letters.length))).join('')

/** A meeting code such as `abc-defg-hij`: 26^10 values from the system's random source. */
export const newCode = (): string => `${word(3)}-${word(4)}-${word(3)}`
