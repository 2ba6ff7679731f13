import { createHmac } from 'node:crypto'
import type { IceServer } from '@parley/contracts'
import { ConfigError } from '../config.ts'
import type { IceConfig } from './ice-config.ts'

/**
 * Looks for what does not fit together.
 * @throws ConfigError when TURN is set without a secret and without a fixed login, or with both
 */
export function checkIceConfig(config: IceConfig): void {
  const { TURN_URLS: urls, TURN_SECRET: secret, TURN_USERNAME: username, TURN_PASSWORD: password } = config
  if ((username === undefined) !== (password === undefined))
    throw new ConfigError(['TURN_USERNAME and TURN_PASSWORD: set both of them, or neither'])
  if (secret !== undefined && username !== undefined)
    throw new ConfigError(['TURN_SECRET: set either this or TURN_USERNAME; a TURN server takes one kind of login'])
  if (urls.length > 0 && secret === undefined && username === undefined)
    throw new ConfigError([
      'TURN_SECRET: must be set where TURN_URLS is (the TURN server’s static-auth-secret), or TURN_USERNAME and TURN_PASSWORD',
    ])
}

/** Whether there is a TURN server to give credentials for. */
export const hasTurn = ({ TURN_URLS: urls }: IceConfig): boolean => urls.length > 0

/** Servers for somebody who is in a room: STUN, and TURN with credentials for this person. `now` is wall time, in ms. */
export function iceServersFor(config: IceConfig, userId: string, now: number): IceServer[] {
  const { TURN_URLS: urls, TURN_TTL_SECONDS: ttl } = config
  const { TURN_SECRET: secret, TURN_USERNAME: username, TURN_PASSWORD: credential } = config
  if (urls.length === 0) return openIceServers(config)
  const login =
    secret !== undefined
      ? turnCredentials(secret, userId, Math.floor(now / 1_000) + ttl)
      : username !== undefined && credential !== undefined
        ? { username, credential }
        : {}
  return [...openIceServers(config), { urls, ...login }]
}

/** Those that need no credentials. */
export const openIceServers = ({ ICE_SERVER_URLS: urls }: IceConfig): IceServer[] => (urls.length > 0 ? [{ urls }] : [])

/**
 * Credentials that a TURN server checks without asking anybody: the user name is when they run out (seconds since 1970) and for
 * whom, the password its HMAC. Source: draft-uberti-behave-turn-rest-00 §2.2; coturn's `use-auth-secret`.
 */
export function turnCredentials(secret: string, userId: string, expiresAt: number) {
  const username = `${expiresAt}:${userId}`
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') }
}
