import { accessSync, constants, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { StartupError } from '@parley/kit'

/**
 * Makes the data folder, which only its owner can read, and returns its absolute path.
 * @throws StartupError when it cannot be made or written to
 */
export function openFolder(folder: string): string {
  const path = resolve(folder)
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.W_OK | constants.X_OK)
    return path
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new StartupError(`the data folder ${path} cannot be written to (${code}); PARLEY_DATA_DIR chooses another`, {
      cause: error,
    })
  }
}
