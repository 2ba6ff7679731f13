import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const askWithinMs = 2_000
let known: Promise<string | null> = Promise.resolve(null)

/** To be called once, at the start of the process: `given` by the image, or asked of git where it runs from a checkout. */
export function nameCommit(given: string | undefined): void {
  known = given === undefined ? askGit() : Promise.resolve(given)
}

/** The commit that this process runs; null where nobody knows. */
export const commitOf = (): Promise<string | null> => known

async function askGit(): Promise<string | null> {
  try {
    const options = { cwd: import.meta.dirname, timeout: askWithinMs }
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], options)
    return stdout.trim()
  } catch {
    // Neither a checkout nor git: an image that was built without PARLEY_COMMIT.
    return null
  }
}
