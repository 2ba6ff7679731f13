import { floodSuite } from './testing/flood-suite.ts'
import { serviceSuite } from './testing/service-suite.ts'
import { memoryStage } from './testing/stages.ts'

serviceSuite('PGlite and memory', memoryStage)
floodSuite('PGlite and memory', memoryStage)
