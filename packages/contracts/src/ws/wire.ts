/** The WebSocket subprotocol, and the prefix under which a client offers its access token as a second one. */
export const subprotocol = 'parley.v1'
export const bearerPrefix = 'bearer.'

/** Limits of the wire, see `protocol.md`. Times in ms. */
export const wire = {
  maxFrameBytes: 65_536,
  maxFragments: 16,
  /** Of a message: levels of objects and lists, and values in all. */
  complexity: { depth: 32, values: 1_000 },
  authenticateWithinMs: 5_000,
  /** A socket that is signed in and in no room this long is closed. */
  joinWithinMs: 60_000,
  pingEveryMs: 8_000,
  clientSilentMs: 12_000,
  serverSilentMs: 20_000,
  graceMs: 10_000,
  resumeWindowMs: 120_000,
  message: { perSecond: 20, burst: 60 },
  signal: { perSecond: 50, burst: 200 },
  /** Of all that one person sends, in bytes. */
  bytes: { perSecond: 64 * 1_024, burst: 512 * 1_024 },
} as const
