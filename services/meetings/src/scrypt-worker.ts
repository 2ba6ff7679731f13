import { scryptSync, type ScryptOptions } from 'node:crypto'
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'

export interface ScryptJob {
  text: string
  salt: Uint8Array
  length: number
  cost: ScryptOptions
}

// On Linux this is the thread's priority, not the process's: the event loop goes first when cores are short.
if (process.platform === 'linux') setPriority(0, 10)

parentPort?.on('message', ({ text, salt, length, cost }: ScryptJob) => {
  parentPort?.postMessage(new Uint8Array(scryptSync(text, salt, length, cost)))
})
