import { serviceSuite } from './testing/service-suite.ts'
import { memoryStage } from './testing/stages.ts'

serviceSuite('PGlite and the bus of one process', memoryStage)
