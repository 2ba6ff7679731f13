import type { IceServer } from '@parley/contracts'
import {
  checkIceConfig,
  hasTurn,
  iceServersFor,
  openIceServers,
  type Clock,
  type IceConfig,
  type Metrics,
} from '@parley/kit'
import type { TurnHolders } from './turn-holders.ts'

/** The ICE servers of a participant, and when to tell them again, by the monotonic clock; null: there is none to renew. */
export interface IceGrant {
  iceServers: IceServer[]
  renewAt: number | null
}

/** Credentials are pushed again when this part of their life is over. */
const renewAfter = 0.8

/** STUN and TURN servers; TURN with credentials, made for one person where the server shares a secret. */
export class IceServers {
  readonly #config: IceConfig
  readonly #clock: Clock
  readonly #holders: TurnHolders
  readonly #issued: ReturnType<Metrics['counter']> | undefined

  /** @throws ConfigError when the settings of TURN do not fit together */
  constructor(
    config: IceConfig,
    { clock, holders, metrics }: { clock: Clock; holders: TurnHolders; metrics?: Pick<Metrics, 'counter'> },
  ) {
    this.#issued = metrics?.counter('parley_signaling_turn_credentials_total', 'TURN credentials that were given out')
    checkIceConfig(config)
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
    if (hasTurn(this.#config)) void this.#holders.release(userId, participantId)
  }

  /** For whoever asks by REST: relaying is for those who are in a room. */
  async forCaller(userId: string): Promise<IceServer[]> {
    return hasTurn(this.#config) && (await this.#holders.holds(userId)) ? this.#make(userId).iceServers : this.open()
  }

  /** A fixed login is told again as well: it may be another one after the node has been replaced. */
  #make(userId: string): IceGrant {
    if (hasTurn(this.#config)) this.#issued?.inc()
    const iceServers = iceServersFor(this.#config, userId, this.#clock.now())
    const lifeMs = this.#config.TURN_TTL_SECONDS * 1_000
    return { iceServers, renewAt: hasTurn(this.#config) ? this.#clock.monotonic() + lifeMs * renewAfter : null }
  }

  /** Those that need no credentials. */
  open(): IceServer[] {
    return openIceServers(this.#config)
  }
}
