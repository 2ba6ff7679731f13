import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A command to a Redis server apart from the product's own connections; its answer as text. */
export async function redisCommand(url: string, ...words: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url)
  const { stdout } = await run('redis-cli', ['-h', hostname, '-p', port, '--no-raw', ...words], { timeout: 10_000 })
  return stdout.trim()
}
