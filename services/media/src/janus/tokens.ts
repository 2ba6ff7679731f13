import { createHmac } from 'node:crypto'

const videoRoom = 'janus.plugin.videoroom'

/**
 * Signs a token that Janus checks without asking anybody: `EXPIRY,REALM,DESCRIPTORS:HMAC`, the expiry in seconds since 1970. Source:
 * "Stored and signed tokens" of the Janus documentation; `token_auth_secret` is the key, SHA-1 its hash.
 */
function sign(secret: string, realm: string, descriptors: readonly string[], expiresAt: number): string {
  const data = [Math.floor(expiresAt / 1_000), realm, ...descriptors].join(',')
  return `${data}:${createHmac('sha1', secret).update(data).digest('base64')}`
}

/** Goes with every request to Janus; allows the VideoRoom and nothing else. `expiresAt` in ms since 1970. */
export const signJanusToken = (secret: string, expiresAt: number): string =>
  sign(secret, 'janus', [videoRoom], expiresAt)

/** Goes with the `join` of one room. `expiresAt` in ms since 1970. */
export const signRoomToken = (secret: string, room: string, expiresAt: number): string =>
  sign(secret, videoRoom, [`room=${room}`], expiresAt)

/**
 * The secret that manages a room (`kick`, `moderate`, `destroy`). It follows from the room's id. So every replica knows it, also for a room
 * without a row.
 */
export const roomSecretOf = (adminKey: string, room: string): string =>
  createHmac('sha256', adminKey).update(`room:${room}`).digest('hex')
