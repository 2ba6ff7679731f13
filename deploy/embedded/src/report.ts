import { ConfigError, StartupError } from '@parley/kit'

const lastChanceMs = 2000

/** Says why the product cannot start: one sentence for what its user can mend, with a stack otherwise; exit code 1. */
export function reportAndEnd(error: unknown): void {
  const expected = error instanceof ConfigError || error instanceof StartupError
  const shown = expected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`Parley cannot start: ${shown}\n`)
  process.exitCode = 1
  // A connection that was made before the fault must not keep the process.
  setTimeout(() => process.exit(1), lastChanceMs).unref()
}
