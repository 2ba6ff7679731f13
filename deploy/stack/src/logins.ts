import { randomBytes } from 'node:crypto'
import { natsUsers } from '@parley/kit'
import { durable, roleOf } from './database-users.ts'
import type { ServiceName } from './options.ts'

/** The settings that let only the stack's own people in, with passwords made for this run. */
export interface Logins {
  /** For NATS: a user for each service with the least that it needs, and `stack` with all. */
  nats: string
  /** For Redis: one user, and only the keys of the namespace. */
  redis: string
  /** The logins of a service, beside the addresses. */
  settingsOf(service: ServiceName): NodeJS.ProcessEnv
  /** The addresses with a login, for who looks on from outside. */
  natsUrl(url: string): string
  redisUrl(url: string): string
  postgresUrl(url: string): string
  /** For PostgreSQL: of its owner, or of the role of a service. */
  passwordOf(user: string): string
}

const everything = 'stack'
const redisUser = 'parley'

export function createLogins(namespace: string): Logins {
  const passwords = new Map<string, string>()
  const passwordOf = (user: string): string => {
    const known = passwords.get(user) ?? randomBytes(18).toString('hex')
    passwords.set(user, known)
    return known
  }
  const redisPassword = passwordOf('redis')
  const withLogin = (url: string, user: string, password: string): string => url.replace('//', `//${user}:${password}@`)
  return {
    nats: natsUsers({ namespace, passwordOf: (user) => `"${passwordOf(user)}"`, all: [everything] }),
    redis: `user default off\nuser ${redisUser} on >${redisPassword} ~${namespace}:* &* +@all\n`,
    settingsOf: (service) => ({
      NATS_USER: service,
      NATS_PASSWORD: passwordOf(service),
      REDIS_USER: redisUser,
      REDIS_PASSWORD: redisPassword,
      // Beside DATABASE_URL, as PostgreSQL's own clients read them.
      ...(durable.some((name) => name === service) && {
        PGUSER: roleOf(service),
        PGPASSWORD: passwordOf(roleOf(service)),
      }),
    }),
    natsUrl: (url) => withLogin(url, everything, passwordOf(everything)),
    redisUrl: (url) => withLogin(url, redisUser, redisPassword),
    postgresUrl: (url) => url.replace('postgres@', `postgres:${passwordOf('postgres')}@`),
    passwordOf,
  }
}
