import { afterAll, beforeAll, describe } from 'vitest'
import { createHarness, type Harness } from './harness.ts'
import type { Stage } from './stages.ts'
import { accessSuite } from './suites/access.ts'
import { afterSuite } from './suites/after.ts'
import { changingSuite } from './suites/changing.ts'
import { inputSuite } from './suites/input.ts'
import { keysSuite } from './suites/keys.ts'
import { operationSuite } from './suites/operation.ts'
import { readingSuite } from './suites/reading.ts'
import { sendingSuite } from './suites/sending.ts'

/** Everything the service promises, on one stage. */
export function serviceSuite(name: string, openStage: () => Promise<Stage>): void {
  describe(`chat on ${name}`, () => {
    let stage: Stage
    let harness: Harness
    beforeAll(async () => {
      stage = await openStage()
      harness = await createHarness(stage)
    })
    afterAll(async () => {
      await harness.stop()
      await stage.close()
    })
    for (const suite of [
      sendingSuite,
      keysSuite,
      changingSuite,
      inputSuite,
      accessSuite,
      readingSuite,
      afterSuite,
      operationSuite,
    ])
      suite(() => harness)
  })
}
