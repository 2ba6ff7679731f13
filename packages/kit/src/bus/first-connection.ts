import { setTimeout as sleep } from 'node:timers/promises'
import { connect, ErrorCode, type ConnectionOptions, type NatsConnection } from 'nats'
import type { Logger } from '../logger.ts'
import { StartupError } from '../startup-error.ts'

const retryAfterMs = 300
const tellEveryMs = 5_000

/**
 * Waits for the server as long as it takes, and says in the log why.
 * @throws StartupError for what waiting does not mend: a login that is refused, and TLS that fails
 */
export async function firstConnection(options: ConnectionOptions, log: Logger): Promise<NatsConnection> {
  let toldAt = performance.now()
  for (;;) {
    try {
      return await connect(options)
    } catch (error) {
      const final = finalOf(error)
      if (final !== null) throw final
      if (performance.now() - toldAt > tellEveryMs) {
        log.warn({ err: error }, 'waiting for NATS')
        toldAt = performance.now()
      }
      await sleep(retryAfterMs)
    }
  }
}

const refusals = new Set<string>([
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AuthenticationTimeout,
  ErrorCode.BadAuthentication,
  ErrorCode.BadCreds,
])
const ofTls = /^(TLS|ERR_TLS|ERR_SSL|CERT|SELF_SIGNED|UNABLE_TO|DEPTH_ZERO|SERVER_OPT)/

function finalOf(error: unknown): StartupError | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  const code = String(error.code)
  if (refusals.has(code)) return new StartupError(`NATS refuses the login of this process (${code})`, { cause: error })
  if (ofTls.test(code)) return new StartupError(`NATS over TLS cannot be trusted (${code})`, { cause: error })
  return null
}
