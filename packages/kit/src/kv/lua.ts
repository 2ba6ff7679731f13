import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { rememberedFacts } from './checks.ts'

/** A Lua script that Redis runs in one step. */
export interface Script {
  lua: string
  sha: string
}

export const script = (lua: string): Script => ({ lua, sha: createHash('sha1').update(lua).digest('hex') })

/** Runs a script, and sends its text where the server does not have it yet. */
export async function runScript(
  client: Redis,
  { lua, sha }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha, keys.length, ...keys, ...args)
  } catch (error) {
    if (!isReply(error, /^NOSCRIPT/)) throw error
    return await client.eval(lua, keys.length, ...keys, ...args)
  }
}

/** Whether Redis itself answered with an error of this kind. */
export const isReply = (error: unknown, kind: RegExp): boolean =>
  error instanceof Error && error.name === 'ReplyError' && kind.test(error.message)

// Parts that the scripts share.

/** `now`: the time of the server, ms. */
export const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/** `append(stream, from)`: puts the arguments from there on into the stream. */
export const append = `
local function append(stream, from)
  for i = from, #ARGV do redis.call('XADD', stream, 'MAXLEN', '~', ${rememberedFacts}, '*', 't', ARGV[i]) end
end
`

/**
 * The head of a document, of which `has` are the fields `epoch`, `version`, `commits`. `commits` are lines of a version and a commit
 * id, newest first: so "version id" says where a document is in its epoch.
 */
export const heads = `
local function isAt(has, epoch, line)
  if not has[1] then return line == '' end
  return has[1] == epoch and string.match(has[3], '^[^\\n]+') == line
end
local function answer(done, has)
  if not has[1] then return {done} end
  local version, id = string.match(has[3], '^(%d+) ([^\\n]+)')
  return {done, has[1], version, id}
end
local function repeated(has, id)
  for version, known in string.gmatch(has[3] or '', '(%d+) ([^\\n]+)') do
    if known == id then return {1, has[1], version, id} end
  end
end
`

/**
 * A member of both indexes of a document, behind every version. An index without it was lost, and perhaps begun anew by a later
 * commit. No field can have its name: it is not UTF-8.
 */
export const sentinel = `
local sentinel = '\\255'
local function beginIndexes(changed, removed)
  redis.call('DEL', changed, removed)
  redis.call('ZADD', changed, '+inf', sentinel)
  redis.call('ZADD', removed, '+inf', sentinel)
end
`

const runId = `
local function runId() return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') end
`

/** `isIncarnation(key, id)`: whether that is the incarnation of the data. It belongs to one process of Redis. */
export const isIncarnation = `${runId}
local function isIncarnation(key, id)
  local has = redis.call('HMGET', key, 'id', 'run_id')
  return has[1] == id and has[2] == runId()
end
`

/** `incarnation(key, fresh)`: its id, age and the time. It begins one where there is none, or that of another process. */
export const incarnations = `${runId}
local function incarnation(key, fresh)
  ${clock}
  local has, process = redis.call('HMGET', key, 'id', 'run_id', 'born'), runId()
  if has[2] ~= process then
    has = {fresh, process, now}
    redis.call('HSET', key, 'id', fresh, 'run_id', process, 'born', now)
  end
  return {has[1], math.max(0, now - has[3]), now}
end
`
