const one = String.raw`(?:nats|tls)://(?:[^@/?#\s,]+@)?(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::\d{1,5})?/?`

/** The shape of NATS_URL. */
export const natsUrlPattern = `^${one}(?:,\\s*${one})*$`
/** The same in words. */
export const natsUrlExpected = 'nats://… or tls://…, with [user:password@] or [token@]; several with commas between'
