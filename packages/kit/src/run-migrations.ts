import Type from 'typebox'
import { ConfigError, readConfig, type Environment } from './config.ts'
import { commonConfig } from './config-common.ts'
import { openDatabase } from './db/db.ts'
import { migrate } from './db/migrate.ts'
import { createLogger } from './logger.ts'
import type { ServiceDefinition } from './service.ts'

const { DATABASE_URL, LOG_LEVEL, LOG_FORMAT } = commonConfig
const config = Type.Object({ DATABASE_URL, LOG_LEVEL, LOG_FORMAT })

/**
 * Brings the schemas of these services up to date and starts none of them: before a release, once. Needs PostgreSQL and nothing else.
 * @throws ConfigError, StartupError with a sentence for its user
 */
export async function runMigrations(definitions: readonly ServiceDefinition[], env: Environment): Promise<void> {
  const { DATABASE_URL: url, LOG_LEVEL: level, LOG_FORMAT: format } = readConfig(config, env)
  if (url === undefined) throw new ConfigError(['DATABASE_URL: is missing; expected a postgres:// URL'])
  for (const { name, database } of definitions) {
    if (database === undefined) continue
    const log = createLogger({ service: name, level, format })
    const host = await openDatabase({ url, maxConnections: 2 }, { log })
    try {
      await migrate(host, database)
      log.info(
        { schema: database.schema, migrations: Object.keys(database.migrations).length },
        'the schema is up to date',
      )
    } finally {
      await host.close()
    }
  }
}
