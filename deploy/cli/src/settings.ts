import { defaultsFor } from '@parley/embedded'
import type { Environment } from '@parley/kit'
import { placeOf } from './database.ts'

/** The configuration of the services: the environment, and what the embedded product sets itself for its folder. */
export function settingsOf(env: Environment): Environment {
  const place = placeOf(env)
  const notNeeded = { NATS_URL: 'nats://not-needed', REDIS_URL: 'redis://not-needed' }
  if ('url' in place) return { ...notNeeded, ...env }
  return { ...notNeeded, ...env, ...defaultsFor(env, place.dataDir).settings }
}
