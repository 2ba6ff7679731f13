import { checks } from './checks.ts'
import { runStep } from './step.ts'

let failed = 0
for (const check of checks) if (!(await runStep(check))) failed += 1
process.stdout.write(failed === 0 ? '\nAll checks passed\n' : `\n${failed} of ${checks.length} checks failed\n`)
process.exitCode = failed === 0 ? 0 : 1
