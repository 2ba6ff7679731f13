import Type, { type Static, type TObject } from 'typebox'
import type { NatsBusOptions } from './bus/bus-nats.ts'
import { defaultNamespace } from './bus/namespace.ts'
import { natsUrlExpected, natsUrlPattern } from './bus/nats-url.ts'
import type { RedisKvOptions } from './kv/kv-redis.ts'
import { tracingConfig } from './tracing/tracing.ts'
import { redisUrlExpected, redisUrlPattern } from './kv/redis-url.ts'

/** The variables that every service reads. Spread them into a service's schema: `Strict({ ...commonConfig, … })`. */
export const commonConfig = {
  ...tracingConfig,
  NODE_ENV: Type.Union([Type.Literal('development'), Type.Literal('test'), Type.Literal('production')], {
    default: 'development',
    description: 'production refuses defaults that are only good for trying things out',
  }),
  LOG_LEVEL: Type.Union(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].map((level) => Type.Literal(level)),
    {
      default: 'info',
      description: 'the least level that is logged',
    },
  ),
  LOG_FORMAT: Type.Optional(
    Type.Union([Type.Literal('json'), Type.Literal('pretty')], {
      description: 'default: pretty on a terminal, else json',
    }),
  ),
  HOST: Type.String({ default: '127.0.0.1', description: 'address to listen on' }),
  PORT: Type.Integer({ default: 0, minimum: 0, maximum: 65535, description: 'port to listen on; 0 takes a free one' }),
  ADVERTISE_URL: Type.Optional(
    Type.String({
      pattern: '^https?://(?:[^/:\\[\\]]+|\\[[0-9a-fA-F:.]+\\])(?::[0-9]{1,5})?$',
      expects: 'http://host:port, an IPv6 address in brackets',
      description: 'how other processes reach this one; default: where it listens',
    }),
  ),
  ADVERTISE_HOST: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9.:-]{1,253}$',
      description: 'instead of ADVERTISE_URL: the address of this machine or pod, IPv4, IPv6 or a name; PORT is added',
    }),
  ),
  PARLEY_COMMIT: Type.Optional(
    Type.String({ pattern: '^[0-9a-f]{7,64}$', description: 'the commit this was built from, for /version' }),
  ),
  TRUST_PROXY: Type.Array(Type.String({ pattern: '^[0-9a-fA-F.:/]{2,50}$|^(loopback|linklocal|uniquelocal)$' }), {
    default: [],
    description: 'addresses or networks whose X-Forwarded-For is believed',
  }),
  DATABASE_URL: Type.Optional(
    Type.String({ pattern: '^postgres(ql)?://', secret: true, description: 'PostgreSQL of services that store' }),
  ),
  DATABASE_MAX_CONNECTIONS: Type.Integer({
    default: 10,
    minimum: 2,
    maximum: 500,
    description: 'connections of this process to PostgreSQL; all processes together stay below its max_connections',
  }),
  NAMESPACE: Type.String({
    pattern: '^[A-Za-z0-9_-]{1,40}$',
    default: defaultNamespace,
    description: 'before every NATS subject and Redis key: another one for each installation that shares the servers',
  }),
  NATS_URL: Type.String({
    pattern: natsUrlPattern,
    expects: natsUrlExpected,
    default: 'nats://127.0.0.1:4222',
    secret: true,
    requiredInProduction: true,
    description: 'NATS server, or several of one cluster',
  }),
  NATS_USER: Type.Optional(Type.String({ description: 'user at NATS, unless NATS_URL has it' })),
  NATS_PASSWORD: Type.Optional(Type.String({ secret: true, description: 'the password of NATS_USER' })),
  NATS_TOKEN: Type.Optional(Type.String({ secret: true, description: 'token for NATS, unless NATS_URL has it' })),
  NATS_CREDENTIALS: Type.Optional(
    Type.String({ secret: true, description: 'the text of a credentials file of NATS (NATS_CREDENTIALS_FILE)' }),
  ),
  NATS_NKEY: Type.Optional(Type.String({ secret: true, description: 'seed of an nkey for NATS' })),
  NATS_CA: Type.Optional(
    Type.String({ description: 'certificates (PEM) that NATS is checked with; TLS (NATS_CA_FILE)' }),
  ),
  REDIS_URL: Type.String({
    pattern: redisUrlPattern,
    expects: redisUrlExpected,
    default: 'redis://127.0.0.1:6379',
    secret: true,
    requiredInProduction: true,
    description: 'Redis server, or its Sentinels; not a Redis Cluster',
  }),
  REDIS_USER: Type.Optional(Type.String({ description: 'user at Redis, unless REDIS_URL has it' })),
  REDIS_PASSWORD: Type.Optional(
    Type.String({ secret: true, description: 'password at Redis, unless REDIS_URL has it' }),
  ),
  REDIS_CA: Type.Optional(
    Type.String({
      description: 'certificates (PEM) that Redis and its Sentinels are checked with; TLS (REDIS_CA_FILE)',
    }),
  ),
  DRAIN_MS: Type.Integer({
    default: 25_000,
    minimum: 0,
    maximum: 600_000,
    description: 'how long work under way may go on after SIGTERM, in milliseconds',
  }),
}

export type CommonConfig = Readonly<Static<TObject<typeof commonConfig>>>

/** How a process reaches NATS. */
export const natsOf = (config: CommonConfig): Pick<NatsBusOptions, 'url' | 'login' | 'namespace'> => ({
  url: config.NATS_URL,
  namespace: config.NAMESPACE,
  login: {
    user: config.NATS_USER,
    password: config.NATS_PASSWORD,
    token: config.NATS_TOKEN,
    credentials: config.NATS_CREDENTIALS,
    nkey: config.NATS_NKEY,
    ca: config.NATS_CA,
  },
})

/** How a process reaches Redis. */
export const redisOf = (config: CommonConfig): Pick<RedisKvOptions, 'url' | 'login' | 'namespace'> => ({
  url: config.REDIS_URL,
  login: { user: config.REDIS_USER, password: config.REDIS_PASSWORD, ca: config.REDIS_CA },
  namespace: config.NAMESPACE,
})
