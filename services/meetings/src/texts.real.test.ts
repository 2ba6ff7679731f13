import { textsSuite } from './suites/texts.suite.ts'
import { openRealWorld } from './testing/world.ts'

textsSuite(openRealWorld)
