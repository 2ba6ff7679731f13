import { execFile } from 'node:child_process'

/** Runs a command on a Redis; the answer as bytes. */
export const redisCli = (url: string, args: readonly string[], input?: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const child = execFile('redis-cli', ['-u', url, ...args], { encoding: 'buffer' }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    )
    if (input) child.stdin?.end(input)
  })

/** The keys of the document of a room. */
export async function keysOf(url: string, meetingId: string): Promise<string[]> {
  const text = String(await redisCli(url, ['--raw', 'keys', `*${meetingId}*`]))
  return text.split('\n').filter((key) => key !== '')
}

/** Copies the document of a room within the Redis, and says how to put it back as it was then. */
export async function copyDoc(url: string, meetingId: string): Promise<() => Promise<void>> {
  const keys = await keysOf(url, meetingId)
  for (const key of keys) await redisCli(url, ['copy', key, `kept:${key}`, 'replace'])
  return async () => {
    const now = await keysOf(url, meetingId)
    for (const key of now.filter((name) => !name.startsWith('kept:'))) await redisCli(url, ['del', key])
    for (const key of keys) await redisCli(url, ['copy', `kept:${key}`, key, 'replace'])
  }
}
