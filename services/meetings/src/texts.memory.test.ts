import { textsSuite } from './suites/texts.suite.ts'
import { openMemoryWorld } from './testing/world.ts'

textsSuite(openMemoryWorld)
