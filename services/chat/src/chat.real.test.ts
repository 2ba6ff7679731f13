import { floodSuite } from './testing/flood-suite.ts'
import { serviceSuite } from './testing/service-suite.ts'
import { realStage } from './testing/stages.ts'

serviceSuite('PostgreSQL, NATS and Redis', realStage)
floodSuite('PostgreSQL, NATS and Redis', realStage)
