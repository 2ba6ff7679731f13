import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StartupError, type Environment } from '@parley/kit'
import { makeSecret } from '@parley/kit/media-servers'

/** The settings that the product makes where its user has not. */
export interface Defaults {
  settings: Readonly<Record<string, string>>
  /** For the first screen. */
  lines: readonly string[]
}

const isSet = (env: Environment, name: string): boolean => Boolean(env[name] || env[`${name}_FILE`])

/**
 * The settings that production asks for and one process can answer itself: a secret, and the address of this machine. The secret is
 * made at the first start, and lies beside the database whose keys it encrypts. An external database needs a secret of its own.
 * @throws StartupError when the file of the secret holds something else
 */
export function defaultsFor(env: Environment, dataDir: string): Defaults {
  if (env['NODE_ENV'] !== 'production') return { settings: {}, lines: [] }
  const url = `http://localhost:${env['PORT'] || '8080'}`
  const ownDatabase = !isSet(env, 'DATABASE_URL')
  const settings = {
    ...(isSet(env, 'PUBLIC_URL') ? {} : { PUBLIC_URL: url }),
    ...(isSet(env, 'SIGNING_SECRET') || !ownDatabase ? {} : { SIGNING_SECRET: openSecret(dataDir) }),
  }
  const lines = isSet(env, 'PUBLIC_URL')
    ? []
    : [`only pages at ${url} are let in; set PUBLIC_URL to the address that people use`]
  return { settings, lines }
}

function openSecret(dataDir: string): string {
  const file = join(dataDir, 'signing-secret')
  const kept = readIfThere(file)
  if (kept !== undefined) return kept
  const made = makeSecret()
  writeFileSync(file, `${made}\n`, { mode: 0o600, flag: 'wx', flush: true })
  return made
}

function readIfThere(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim()
    if (/^[\w.-]{32,512}$/.test(text)) return text
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  throw new StartupError(`${file} does not hold a secret; restore it from a backup, for it opens the signing keys`)
}
