import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A command to a Redis server apart from the product's own connections; its answer as text, a line for each part. */
export async function redisCommand(url: string, ...words: readonly string[]): Promise<string> {
  const { hostname, port, username, password } = new URL(url)
  const secret = password === '' ? [] : ['-a', decodeURIComponent(password), '--no-auth-warning']
  const user = username === '' ? [] : ['--user', decodeURIComponent(username)]
  const args = ['-h', hostname, '-p', port, ...user, ...secret, ...words]
  const { stdout } = await run('redis-cli', args, { timeout: 10_000 })
  const answer = stdout.trim()
  if (/^(ERR|NOAUTH|WRONGPASS|NOGOODSLAVE|INPROG|READONLY|LOADING) /.test(answer))
    throw new Error(`${words[0]}: ${answer}`)
  return answer
}
