/** The effect of a proxy on the bytes of every connection. */
export interface Weather {
  /** One way, in milliseconds: `delayMs` ± `jitterMs` for each chunk; bytes never overtake each other. */
  delayMs: number
  jitterMs: number
  /** Each chunk goes on in pieces of 1 to this many bytes; 0: as it came. */
  sliceBytes: number
  /**
   * `up`: from who connected; `down`: to them. A stalled way keeps what it is given, its end included, until it flows
   * again: what a dropped packet is to TCP.
   */
  up: 'flow' | 'stall'
  down: 'flow' | 'stall'
  /** Share of answers that are cut: the connection is reset when the first bytes of one come down. */
  cutAnswers: number
}

export const fair: Weather = { delayMs: 0, jitterMs: 0, sliceBytes: 0, up: 'flow', down: 'flow', cutAnswers: 0 }
