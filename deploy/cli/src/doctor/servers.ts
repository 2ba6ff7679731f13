import { hostname } from 'node:os'
import { definitions } from '@parley/embedded'
import {
  commonConfig,
  ConfigError,
  mailConfig,
  natsOf,
  objectsConfig,
  openDatabase,
  readConfig,
  readStatus,
  redisOf,
  systemClock,
  type CommonConfig,
  type Environment,
  type Logger,
} from '@parley/kit'
import { probeNats, probeObjects, probePostgres, probeRedis, probeSmtp } from '@parley/kit/probe'
import Type, { type TObject } from 'typebox'
import { causeOf, type Finding, type Look } from './finding.ts'

const offBySeconds = 5

/** The servers that the environment names, each asked by itself. Settings that do not fit are told by `readingOf`. */
export function serverLooks(env: Environment, log: Logger): Record<string, Look> {
  const whereSet =
    (name: string, schema: TObject, look: (config: CommonConfig & MailConfig) => Promise<Found>): Look =>
    async () => {
      if (!env[name] && !env[`${name}_FILE`]) return { notSetUp: `${name} is not set here` }
      const config = readOrNothing(schema, env)
      return config === undefined ? { notSetUp: 'its settings do not fit' } : look(config)
    }
  const common = Type.Object(commonConfig)
  return {
    PostgreSQL: whereSet('DATABASE_URL', common, (config) => postgres(config, log)),
    Redis: whereSet('REDIS_URL', common, (config) => redis(redisOf(config))),
    NATS: whereSet('NATS_URL', common, (config) => nats(natsOf(config))),
    'object store': () => objects(env),
    mail: whereSet('SMTP_URL', Type.Object(mailConfig), ({ SMTP_URL = '' }) => smtp(SMTP_URL)),
  }
}

type Found = Finding[] | string
interface MailConfig {
  SMTP_URL?: string
}

function readOrNothing(schema: TObject, env: Environment): (CommonConfig & MailConfig) | undefined {
  try {
    const unset = { NATS_URL: 'nats://not-set', REDIS_URL: 'redis://not-set' }
    // Each look reads only what its own schema has.
    return readConfig(schema, { ...unset, ...env }) as unknown as CommonConfig & MailConfig
  } catch (error) {
    if (error instanceof ConfigError) return undefined
    throw error
  }
}

async function postgres(config: CommonConfig, log: Logger): Promise<Found> {
  const { DATABASE_URL: url = '', DATABASE_MAX_CONNECTIONS: each } = config
  const asked = systemClock.now()
  const facts = await probePostgres(url).catch((error: unknown) => causeOf(error))
  if (typeof facts === 'string') return [unreachable('PostgreSQL', 'DATABASE_URL', facts, postgresMend(facts))]
  const off = facts.now - (asked + systemClock.now()) / 2
  const findings = [...clockFinding('PostgreSQL', off), ...poolFinding(each, facts.maxConnections)]
  // The product connects with time limits, which the probe has not: PgBouncer refuses them here.
  const refused = (error: unknown): Finding[] => {
    const cause = causeOf(error)
    return [unreachable('PostgreSQL', 'DATABASE_URL', cause, postgresMend(cause))]
  }
  findings.push(...(await schemaFindings(url, log).catch(refused)))
  return findings.length > 0 ? findings : (facts.version.split(',')[0] ?? '')
}

const pgBouncer = /unsupported startup parameter/

function postgresMend(cause: string): string {
  if (pgBouncer.test(cause))
    return `this is PgBouncer; in pgbouncer.ini: ignore_startup_parameters = statement_timeout,lock_timeout,idle_in_transaction_session_timeout
and on PostgreSQL, so that the time limits hold: ALTER ROLE parley SET statement_timeout='2500ms'; ALTER ROLE parley SET lock_timeout='1s'; ALTER ROLE parley SET idle_in_transaction_session_timeout='5s'`
  return mendOf(cause, 'DATABASE_URL')
}

function poolFinding(each: number, most: number): Finding[] {
  const services = definitions.filter(({ database }) => database !== undefined).length
  const needed = each * services
  // PostgreSQL keeps three for its administrators.
  if (needed <= most - 3) return []
  return [
    {
      what: `one replica of each service may open ${needed} connections, and PostgreSQL takes ${most}`,
      why: 'the services that come last answer 503',
      mend: `ALTER SYSTEM SET max_connections = ${needed * 2}; and restart PostgreSQL, or put PgBouncer before it`,
    },
  ]
}

async function schemaFindings(url: string, log: Logger): Promise<Finding[]> {
  const host = await openDatabase({ url }, { log })
  try {
    const findings: Finding[] = []
    for (const { database } of definitions) {
      if (database === undefined) continue
      const { pending } = await readStatus(host, database)
      if (pending.length === 0) continue
      findings.push({
        what: `schema ${database.schema} lacks the migrations ${pending.join(', ')}`,
        why: 'code of this version does not run on it',
        mend: 'parley migrate',
      })
    }
    return findings
  } finally {
    await host.close()
  }
}

async function redis(at: Parameters<typeof probeRedis>[0]): Promise<Found> {
  const facts = await probeRedis(at).catch((error: unknown) => causeOf(error))
  if (typeof facts === 'string') return [unreachable('Redis', 'REDIS_URL', facts)]
  const findings: Finding[] = []
  if (facts.cluster)
    findings.push({
      what: 'REDIS_URL names a Redis Cluster',
      why: 'scripts change several keys at once, which a cluster refuses with MOVED or CROSSSLOT',
      mend: 'use one Redis, or one with Sentinel: REDIS_URL=redis-sentinel://host:26379/<master name>',
    })
  if (facts.role === 'slave')
    findings.push({
      what: 'REDIS_URL names a replica',
      why: 'it refuses every write',
      mend: 'name the master, or the Sentinels',
    })
  if (facts.policy !== 'noeviction')
    findings.push({
      what: `Redis deletes data when its memory is full (maxmemory-policy ${facts.policy})`,
      why: 'rooms, leases and limits stand there: people would fall out of meetings',
      mend: 'redis-cli CONFIG SET maxmemory-policy noeviction, and the same line in redis.conf',
    })
  return findings.length > 0 ? findings : `Redis ${facts.version}`
}

const nats = async (at: Parameters<typeof probeNats>[0]): Promise<Found> =>
  probeNats(at).then(
    ({ version }) => `NATS ${version}`,
    (error: unknown) => [unreachable('NATS', 'NATS_URL', causeOf(error))],
  )

const smtp = async (url: string): Promise<Found> =>
  probeSmtp(url).then(
    () => 'greets, and takes the login',
    (error: unknown) => [unreachable('the mail server', 'SMTP_URL', causeOf(error))],
  )

async function objects(env: Environment) {
  if (!env['S3_ENDPOINT']) return { notSetUp: 'S3_ENDPOINT is not set here' }
  const config = readConfig(Type.Object(objectsConfig), env)
  try {
    await probeObjects(config)
    return `put, get and delete in bucket ${config.S3_BUCKET}`
  } catch (error) {
    const cause = causeOf(error)
    const refused = /signature|access ?key|forbidden|denied|\b403\b/i.test(cause)
    const mend = refused
      ? `S3_ACCESS_KEY and S3_SECRET_KEY must be a key that may read, write and delete in the bucket ${config.S3_BUCKET}`
      : mendOf(cause, 'S3_ENDPOINT')
    return [{ what: `the object store cannot be used: ${cause}`, why: 'files and recordings answer 503', mend }]
  }
}

const unreachable = (what: string, name: string, cause: string, mend = mendOf(cause, name)): Finding => ({
  what: `${what} cannot be used: ${cause}`,
  why: 'services wait for it, or answer 503',
  mend,
})

function mendOf(cause: string, name: string): string {
  if (/ECONNREFUSED|refused/i.test(cause)) return `start the server, or name the right host and port in ${name}`
  if (/ENOTFOUND|EAI_AGAIN/.test(cause))
    return `the host name in ${name} is not known on ${hostname()}: mend it, or DNS`
  if (/WRONGPASS|NOAUTH|password|authoriz|authenticat|\b535\b/i.test(cause))
    return `name the right user and password in ${name}`
  if (/certificate|self.signed|CERT_/i.test(cause))
    return 'NODE_EXTRA_CA_CERTS=/path/to/your-ca.pem, where the certificate is of a CA of your own'
  if (/timeout|timed out|no answer/i.test(cause))
    return `a firewall may drop it: let this machine reach the server of ${name}`
  return `see what ${name} names, and the log of the server`
}

/** `offMs`: how far the other clock is ahead of this one. */
export function clockFinding(whose: string, offMs: number): Finding[] {
  const off = Math.round(offMs / 1000)
  if (Math.abs(off) <= offBySeconds) return []
  return [
    {
      what: `the clocks differ: that of ${whose} is ${Math.abs(off)} s ${off > 0 ? 'ahead of' : 'behind'} this machine's`,
      why: 'tokens and TURN credentials are good for minutes by the clock: they end too early, or are of the future',
      mend: 'set the clocks of all machines by NTP: timedatectl set-ntp true, and see timedatectl status',
    },
  ]
}
