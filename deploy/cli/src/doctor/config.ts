import { definitions } from '@parley/embedded'
import { ConfigError, findMisspelt, openFilesLimit, readConfig, type Environment } from '@parley/kit'
import Type, { type TObject, type TSchema } from 'typebox'
import type { Finding } from './finding.ts'

const secretsOf = (schema: TObject): string[] =>
  Object.entries<TSchema & { secret?: boolean }>(schema.properties).flatMap(([name, field]) =>
    field.secret === true && !name.endsWith('_URL') ? [name] : [],
  )

/** The checks of the environment alone: misspelt names, values that do not fit, secrets that can be guessed. */
export function readingOf(env: Environment): Finding[] {
  return [...misspelt(env), ...faults(env), ...weakSecrets(env), ...tooManySockets(env)]
}

const misspelt = (env: Environment): Finding[] =>
  findMisspelt(env, [...definitions.map(({ config }) => config), others]).map(({ name, meant }) => ({
    what: `unknown variable ${name}; did you mean ${meant}?`,
    why: `${meant} stands at its default, whatever ${name} says`,
    mend: `rename ${name} to ${meant}`,
  }))

/** Variables of the launchers. */
const others = Type.Object({ PARLEY_DATA_DIR: Type.String(), PARLEY_APT: Type.String(), PARLEY_PORT: Type.String() })

const setIn = (env: Environment): Environment => Object.fromEntries(Object.entries(env).filter(([, value]) => value))

function faults(env: Environment): Finding[] {
  const told = new Set<string>()
  // Addresses of servers that only the services need are looked at where they are set.
  const filled = {
    NATS_URL: 'nats://not-set',
    REDIS_URL: 'redis://not-set',
    PUBLIC_URL: 'http://not-set',
    ...setIn(env),
  }
  for (const { config } of definitions) {
    try {
      readConfig(config, filled)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      for (const fault of error.faults) told.add(fault)
    }
  }
  return [...told].map((fault) => {
    const name = fault.split(':')[0] ?? ''
    return { what: fault, why: 'the services that read it do not start', mend: `set ${name} as said, or remove it` }
  })
}

const wellKnown = /change.?me|secret|password|example|parley|janusoverlord|test|12345/i
const leastDistinct = 8

function weakSecrets(env: Environment): Finding[] {
  // Those of an object store are made there.
  const names = new Set(
    definitions.flatMap(({ config }) => secretsOf(config)).filter((name) => !name.startsWith('S3_')),
  )
  return [...names].flatMap((name) => {
    const value = env[name]
    if (!value) return []
    const repeated = new Set(value).size < leastDistinct
    // A long random text may hold such a word by chance; a short one does not.
    if (!repeated && !(wellKnown.test(value) && value.length < 48)) return []
    return [
      {
        what: `${name} can be guessed: ${repeated ? 'it repeats a few characters' : 'it holds a word that everybody tries'}`,
        why: 'whoever guesses it can act as the product: sign tokens, relay traffic, or read what it encrypts',
        mend: `${name}=$(openssl rand -hex 24)${name === 'SIGNING_SECRET' ? ', and the former value as SIGNING_SECRET_PREVIOUS' : ''}`,
      },
    ]
  })
}

function tooManySockets(env: Environment): Finding[] {
  const limit = openFilesLimit()
  const wanted = Number(env['MAX_SOCKETS'] || 20_000)
  if (limit === undefined || !Number.isInteger(wanted) || limit >= wanted * 2) return []
  // The doctor may run elsewhere: only what its user has asked for is held against the limit here.
  if (!env['MAX_SOCKETS']) return []
  return [
    {
      what: `MAX_SOCKETS is ${wanted}, but a process here may have only ${limit} files open`,
      why: 'a gateway needs two for each socket: it takes fewer, and says so in its log',
      mend: `ulimit -n ${wanted * 2 + 1000} before the start (systemd: LimitNOFILE, Docker: ulimits.nofile)`,
    },
  ]
}
