import { checks } from './checks.ts'
import { runStep } from './step.ts'
import { closingLine, runVitest } from './vitest.ts'

// Everything before the tests needs no server and is quick; it does not keep the tests from running.
const quick = checks.filter(({ when }) => when === 'always')
let failedChecks = 0
for (const check of quick) if (!(await runStep(check))) failedChecks += 1

const counts = await runVitest(process.argv.slice(2))
const failed = counts.failed + failedChecks
process.stdout.write(`\n${closingLine({ ...counts, failed })}\n`)
process.exitCode = failed === 0 ? 0 : 1
