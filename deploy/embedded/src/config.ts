import { Strict } from '@parley/contracts'
import { commonConfig, ConfigError, readConfig, type Environment, type ServiceDefinition } from '@parley/kit'

const ownConfig = Strict(commonConfig)
export type OwnConfig = ReturnType<typeof readConfig<typeof ownConfig>>

export interface Configs {
  own: OwnConfig
  /** Of each service, by its name. */
  services: ReadonlyMap<string, Readonly<Record<string, unknown>>>
}

/** The values of NATS_URL and REDIS_URL while nobody sets them. */
export const inThisProcess = { NATS_URL: 'nats://in-this-process', REDIS_URL: 'redis://in-this-process' } as const

/** One process has nobody to hand its sockets over to: the default of a replica, 25 s, would only be waiting. */
const drainMs = '3000'

/**
 * The config of this process and of every service in it, from one environment.
 * @throws ConfigError with the faults of all of them together
 */
export function readConfigs(env: Environment, definitions: readonly ServiceDefinition[]): Configs {
  const shared = withDefaults(env, { ...inThisProcess, DRAIN_MS: drainMs })
  const faults = new Set<string>()
  const read = <T>(reading: () => T): T | undefined => {
    try {
      return reading()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      for (const fault of error.faults) faults.add(fault)
      return undefined
    }
  }
  const own = read(() => readConfig(ownConfig, shared))
  const services = new Map<string, Readonly<Record<string, unknown>>>()
  for (const { name, config } of definitions) {
    const values = read(() => readConfig(config, environmentOf(name, shared)))
    if (values !== undefined) services.set(name, values as Readonly<Record<string, unknown>>)
  }
  if (own === undefined || faults.size > 0) throw new ConfigError([...faults])
  return { own, services }
}

/** The gateway is the one that is reached from outside; the others listen on free ports of this machine, for it. */
function environmentOf(name: string, env: Environment): Environment {
  if (name === 'gateway') return env
  return {
    ...env,
    PORT: '0',
    HOST: '127.0.0.1',
    ADVERTISE_URL: undefined,
    ADVERTISE_HOST: undefined,
    TRUST_PROXY: 'loopback',
  }
}

function withDefaults(env: Environment, defaults: Readonly<Record<string, string>>): Environment {
  const unset = Object.entries(defaults).filter(([name]) => !env[name] && !env[`${name}_FILE`])
  return { ...env, ...Object.fromEntries(unset) }
}
