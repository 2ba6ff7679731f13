import { checkCommands } from './check-commands.ts'
import { checkContents } from './check-contents.ts'
import { checkNobodyElseHeard, checkRosters } from './check-members.ts'
import { checkKept, checkNumbers, checkOnce } from './check-messages.ts'
import { checkProcesses, type MemoryBound } from './check-processes.ts'
import { checkAnswered, checkSignals } from './check-requests.ts'
import type { History } from './history.ts'

/** One promise over one history: how much was looked at, and what breaks it. */
export interface Verdict {
  id: string
  promise: string
  /** How many things were compared: 0 means that the check had nothing to say. */
  looked: number
  /** A sentence for each breach, with who and what. */
  breaches: readonly string[]
}

/** Every promise that holds whatever fails. Pure. */
export const checkHistory = (history: History, memory: MemoryBound): Verdict[] => [
  checkKept(history),
  checkOnce(history),
  checkNumbers(history),
  checkNobodyElseHeard(history),
  checkRosters(history),
  checkAnswered(history),
  checkProcesses(history, memory),
  checkCommands(history),
  checkContents(history),
  checkSignals(history),
]
