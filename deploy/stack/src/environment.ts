import { fileURLToPath } from 'node:url'
import type { ServiceName } from './options.ts'
import type { ServerName } from './server.ts'

const compiled = fileURLToPath(new URL('../../../node_modules/.cache/parley/compiled', import.meta.url))
/** Of one replica; how long its stop takes is a part of how long ours does. */
const drainMs = '10000'
/** Variables that would mean another thing here: npm's own variables, and the addresses that we choose. */
const dropped = /^npm_|^(PORT|HOST|ADVERTISE_(URL|HOST)|DATABASE_URL(_FILE)?|PG[A-Z]+|(NATS|REDIS)_[A-Z]+(_FILE)?)$/i

/** The environment of a replica: ours, for its settings, on our servers. */
export function environmentOf(
  service: ServiceName,
  env: NodeJS.ProcessEnv,
  urls: Readonly<Record<ServerName, string>>,
  objectsDir: string,
): NodeJS.ProcessEnv {
  const settings = Object.fromEntries(Object.entries(env).filter(([name]) => !dropped.test(name)))
  return {
    NODE_COMPILE_CACHE: compiled,
    DRAIN_MS: drainMs,
    // Shared by the replicas of media, where no S3 is set.
    OBJECTS_DIR: objectsDir,
    ...settings,
    // The gateways forward to the others, on this machine.
    ...(service === 'gateway' ? {} : { TRUST_PROXY: 'loopback' }),
    // Without the login of its owner: each service has its own.
    DATABASE_URL: urls.postgres.replace('postgres@', ''),
    REDIS_URL: urls.redis,
    NATS_URL: urls.nats,
  }
}
