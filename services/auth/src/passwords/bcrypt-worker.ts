import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import bcrypt from 'bcrypt'
import type { BcryptJob } from './bcrypt-pool.ts'

// On Linux this is the thread's priority, not the process's: the event loop goes first when cores are short.
if (process.platform === 'linux') setPriority(0, (workerData as { nice: number }).nice)

parentPort?.on('message', (job: BcryptJob) => {
  // An error ends this worker; the pool hires another.
  parentPort?.postMessage(
    job.kind === 'hash' ? bcrypt.hashSync(job.password, job.cost) : bcrypt.compareSync(job.password, job.hash),
  )
})
