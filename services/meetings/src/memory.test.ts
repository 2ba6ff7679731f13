import { describe } from 'vitest'
import { changingSuite } from './suites/changing.suite.ts'
import { decidedSuite } from './suites/decided.suite.ts'
import { doorSuite } from './suites/door.suite.ts'
import { enteringSuite } from './suites/entering.suite.ts'
import { fullSuite } from './suites/full.suite.ts'
import { guessingSuite } from './suites/guessing.suite.ts'
import { joinTokensSuite } from './suites/join-tokens.suite.ts'
import { lifeSuite } from './suites/life.suite.ts'
import { lobbyPlacesSuite } from './suites/lobby-places.suite.ts'
import { lobbySuite } from './suites/lobby.suite.ts'
import { meetingsSuite } from './suites/meetings.suite.ts'
import { moderationSuite } from './suites/moderation.suite.ts'
import { numbersSuite } from './suites/numbers.suite.ts'
import { readingSuite } from './suites/reading.suite.ts'
import { passcodesSuite } from './suites/passcodes.suite.ts'
import { roomsSuite } from './suites/rooms.suite.ts'
import { tokenMakersSuite } from './suites/token-makers.suite.ts'
import { waitingRoomSuite } from './suites/waiting-room.suite.ts'
import { openMemoryWorld } from './testing/world.ts'

const suites = [
  meetingsSuite,
  changingSuite,
  readingSuite,
  enteringSuite,
  doorSuite,
  guessingSuite,
  passcodesSuite,
  fullSuite,
  joinTokensSuite,
  lobbySuite,
  lobbyPlacesSuite,
  waitingRoomSuite,
  moderationSuite,
  lifeSuite,
  decidedSuite,
  tokenMakersSuite,
  numbersSuite,
  roomsSuite,
]

describe('in one process', () => {
  for (const suite of suites) suite(openMemoryWorld)
})
