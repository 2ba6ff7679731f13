import type { Reporter, TestCase } from 'vitest/node'

/** Names the tests that failed at first and then passed: each hides a race that is to be found. */
export default class UnstableReporter implements Reporter {
  readonly #unstable: string[] = []

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky) this.#unstable.push(`${test.module.relativeModuleId} > ${test.fullName}`)
  }

  onTestRunEnd(): void {
    if (this.#unstable.length === 0) return
    process.stdout.write(`\n${this.#unstable.length} unstable, passed when tried again:\n`)
    for (const name of this.#unstable) process.stdout.write(`  ${name}\n`)
  }
}
