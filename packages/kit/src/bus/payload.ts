import { ProblemError } from '../problem.ts'

/** Half of what NATS takes by default, so that headers and a larger limit elsewhere never matter. */
const maxPayloadBytes = 512 * 1024

export const fitsPayload = (text: string): boolean =>
  text.length * 3 <= maxPayloadBytes || Buffer.byteLength(text) <= maxPayloadBytes

export function checkPayload(text: string): void {
  if (!fitsPayload(text)) throw new ProblemError('too-large', `A bus message may have ${maxPayloadBytes} bytes`)
}
