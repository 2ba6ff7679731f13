/** Compares passwords with their hash for some seconds, as many at a time as there are cores; tells how many per second. */
import { availableParallelism } from 'node:os'
import bcrypt from 'bcrypt'

const [cost, seconds] = process.argv.slice(2).map(Number)
const password = 'correct horse'
const hash = await bcrypt.hash(password, cost ?? 12)
const begun = performance.now()
const until = begun + (seconds ?? 5) * 1_000
let done = 0

async function work(): Promise<void> {
  while (performance.now() < until) {
    await bcrypt.compare(password, hash)
    done += 1
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work))
process.send?.({ perSecond: done / ((performance.now() - begun) / 1_000) })
process.disconnect?.()
