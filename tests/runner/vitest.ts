import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './checks.ts'

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

const folder = join(root, 'node_modules', '.cache', 'parley')
const report = join(folder, 'tests.json')
/** A run that hangs has to end too. */
const timeoutMs = 80 * 60_000

/**
 * On a shared machine a whole run must not fail because another job took the cores for a moment. A test that fails is tried once
 * more there, and named in the end (docs/decisions/0024-a-second-try-in-ci.md). On a developer's machine it fails at once.
 */
const triesInCi = (): string[] => (process.env['CI'] === 'true' ? ['--retry=1'] : [])

/** One run of all tests, shown as vitest shows it. A fault outside of a test counts as a test that failed. */
export async function runVitest(args: readonly string[]): Promise<Counts> {
  mkdirSync(folder, { recursive: true })
  rmSync(report, { force: true })
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const unstable = join(import.meta.dirname, 'unstable-reporter.ts')
  const reporters = ['--reporter=default', '--reporter=json', `--reporter=${unstable}`, `--outputFile.json=${report}`]
  const config = ['--config', join(import.meta.dirname, 'vitest.config.ts'), '--root', root]
  const code = await run([vitest, 'run', ...config, ...reporters, ...triesInCi(), ...args])
  const counts = readCounts()
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

/** `N passed, N failed`, and how many were skipped if any were. */
export const closingLine = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

function readCounts(): Counts {
  try {
    const found = JSON.parse(readFileSync(report, 'utf8')) as Report
    // A file that could not be loaded, or whose set-up failed, has no failed test of its own.
    const broken = found.testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    )
    return {
      passed: found.numPassedTests,
      failed: found.numFailedTests + broken.length,
      skipped: found.numPendingTests + found.numTodoTests,
    }
  } catch (error) {
    process.stderr.write(`vitest left no report: ${String(error)}\n`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

function run(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}
