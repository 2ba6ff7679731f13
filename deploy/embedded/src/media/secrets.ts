import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StartupError } from '@parley/kit'
import { makeJanusSecrets, makeSecret, type JanusSecrets } from '@parley/kit/media-servers'

/** Shared by Janus, coturn and the product. */
export interface MediaSecrets extends JanusSecrets {
  turnSecret: string
}

const names = ['adminSecret', 'adminKey', 'tokenSecret', 'turnSecret'] as const satisfies (keyof MediaSecrets)[]
const pattern = /^[\w.-]{16,256}$/

/**
 * The secrets of media: made at the first start, kept in a file that only its owner reads.
 * @throws StartupError when the file cannot be read or holds something else
 */
export function openSecrets(dataDir: string): MediaSecrets {
  const file = join(dataDir, 'media-secrets.json')
  const kept = readIfThere(file)
  if (kept !== undefined) return kept
  const made = { ...makeJanusSecrets(), turnSecret: makeSecret() }
  writeFileSync(file, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true })
  return made
}

function readIfThere(file: string): MediaSecrets | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (isSecrets(value)) return value
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    if (!(error instanceof SyntaxError)) throw error
  }
  // A user who cut the file short has nothing to lose by new secrets, but only they know that.
  throw new StartupError(`${file} does not hold the secrets of media; delete it, and new ones are made`)
}

const isSecrets = (value: unknown): value is MediaSecrets =>
  typeof value === 'object' &&
  value !== null &&
  names.every((name) => pattern.test(String((value as Partial<MediaSecrets>)[name])))
