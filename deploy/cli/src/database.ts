import { join } from 'node:path'
import {
  commonConfig,
  createLogger,
  openDatabase,
  readConfig,
  type DatabaseHost,
  type Environment,
  type Logger,
} from '@parley/kit'
import Type from 'typebox'

const databaseConfig = Type.Object({
  DATABASE_URL: commonConfig.DATABASE_URL,
  PARLEY_DATA_DIR: Type.String({ default: '.data/parley', description: 'folder of the embedded product' }),
})

/** Warnings go to the standard error: the standard output is for what was asked. */
export const createCliLog = (): Logger =>
  createLogger({ service: 'parley', level: 'warn', destination: process.stderr })

/** Where the database is: PostgreSQL, or a folder of the embedded product. */
export function placeOf(env: Environment): { url: string } | { dataDir: string } {
  const { DATABASE_URL: url, PARLEY_DATA_DIR: dataDir } = readConfig(databaseConfig, env)
  return url === undefined ? { dataDir } : { url }
}

/**
 * Runs `work` on the database that the environment names, and closes it.
 * @throws StartupError when the folder is in use
 */
export async function withDatabase<T>(env: Environment, work: (host: DatabaseHost) => Promise<T>): Promise<T> {
  const place = placeOf(env)
  const log = createCliLog()
  const host = await openDatabase('url' in place ? place : { dataDir: join(place.dataDir, 'db') }, { log })
  try {
    return await work(host)
  } finally {
    await host.close()
  }
}
