import { createHmac } from 'node:crypto'
import type { IceServer } from '@parley/contracts'
import { ConfigError, type Clock } from '@parley/kit'
import type { SignalingConfig } from '../config.ts'
import type { TurnHolders } from './turn-holders.ts'

/** What somebody is told to reach others by, and when to tell it again, by the monotonic clock; null: it does not run out. */
export interface IceGrant {
  iceServers: IceServer[]
  renewAt: number | null
}

/** Credentials are pushed again when this part of their life is over. */
const renewAfter = 0.8

/** STUN and TURN servers; TURN with credentials that are made for one person and run out. */
export class IceServers {
  readonly #config: SignalingConfig
  readonly #clock: Clock
  readonly #holders: TurnHolders

  /** @throws ConfigError when TURN is set without its secret */
  constructor(config: SignalingConfig, { clock, holders }: { clock: Clock; holders: TurnHolders }) {
    if (config.TURN_URLS.length > 0 && config.TURN_SECRET === undefined)
      throw new ConfigError(['TURN_SECRET: must be set where TURN_URLS is; it is the TURN server’s static-auth-secret'])
    this.#config = config
    this.#clock = clock
    this.#holders = holders
  }

  /** For a participant who is in a room; from now on `forCaller` gives them too, until `release`. */
  grant({ userId, participantId }: { userId: string; participantId: string }): IceGrant {
    const granted = this.#make(userId)
    if (granted.renewAt !== null) void this.#holders.hold(userId, participantId, this.#config.TURN_TTL_SECONDS * 1_000)
    return granted
  }

  /** The participant has left the room. */
  release({ userId, participantId }: { userId: string; participantId: string }): void {
    if (this.#turn) void this.#holders.release(userId, participantId)
  }

  /** For whoever asks by REST: relaying is for those who are in a room. */
  async forCaller(userId: string): Promise<IceServer[]> {
    return this.#turn && (await this.#holders.holds(userId)) ? this.#make(userId).iceServers : this.open()
  }

  get #turn(): boolean {
    return this.#config.TURN_URLS.length > 0 && this.#config.TURN_SECRET !== undefined
  }

  #make(userId: string): IceGrant {
    const { TURN_URLS: urls, TURN_SECRET: secret, TURN_TTL_SECONDS: ttl } = this.#config
    if (urls.length === 0 || secret === undefined) return { iceServers: this.open(), renewAt: null }
    return {
      iceServers: [
        ...this.open(),
        { urls, ...turnCredentials(secret, userId, Math.floor(this.#clock.now() / 1_000) + ttl) },
      ],
      renewAt: this.#clock.monotonic() + ttl * 1_000 * renewAfter,
    }
  }

  /** Those that need no credentials. */
  open(): IceServer[] {
    const { ICE_SERVER_URLS: urls } = this.#config
    return urls.length > 0 ? [{ urls }] : []
  }
}

/**
 * Credentials that a TURN server checks without asking anybody: the user name is when they run out (seconds since 1970) and for
 * whom, the password its HMAC. Source: draft-uberti-behave-turn-rest-00 §2.2; coturn's `use-auth-secret`.
 */
export function turnCredentials(secret: string, userId: string, expiresAt: number) {
  const username = `${expiresAt}:${userId}`
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') }
}
