import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const askWithinMs = 2_000

/** The commit that this process runs: what the image says, or git where it runs from a checkout; null where nobody knows. */
export const commitOf = async (given: string | undefined): Promise<string | null> => given ?? (fromGit ??= askGit())

let fromGit: Promise<string | null> | undefined

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
