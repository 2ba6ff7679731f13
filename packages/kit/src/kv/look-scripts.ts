import { heads, incarnations, script, sentinel } from './lua.ts'

/** `changesSince(floor, from, version)`: changed fields with their values and removed fields, or nil if they are not all known. */
const changes = `${sentinel}
local function changesSince(floor, from, version)
  if from < tonumber(floor or '0') then return nil end
  for i = 2, 3 do
    if not redis.call('ZSCORE', KEYS[i], sentinel) then return nil end
  end
  local pairs = {}
  for _, field in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. from, version)) do
    pairs[#pairs + 1] = field
    pairs[#pairs + 1] = redis.call('HGET', KEYS[1], 'f:' .. field)
  end
  return {pairs, redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. from, version)}
end
`

/** KEYS document, changes, removals. ARGV epoch, version. Answers version, changed fields with values, removed fields. */
export const sinceScript = script(`${changes}
local has = redis.call('HMGET', KEYS[1], 'epoch', 'version', 'floor')
local from = tonumber(ARGV[2])
if has[1] ~= ARGV[1] or from > tonumber(has[2]) then return false end
local since = changesSince(has[3], from, has[2])
return since and {has[2], since[1], since[2]} or false
`)

/**
 * KEYS document, changes, removals, incarnation. ARGV epoch and line of what is known (an empty line: nothing), a random id. Answers
 * 'none' with the incarnation, 'same', 'changes' with the head, the changes and the commits, or 'other' with the document.
 */
export const lookScript = script(`${heads}${incarnations}${changes}
local doc, epoch, line = KEYS[1], ARGV[1], ARGV[2]
local has = redis.call('HMGET', doc, 'epoch', 'version', 'commits', 'base', 'origin', 'floor')
if not has[1] then return {'none', unpack(incarnation(KEYS[4], ARGV[3]))} end
if isAt(has, epoch, line) then return {'same'} end
local from
if line ~= '' then
  local remembered = '\\n' .. has[3] .. '\\n'
  if has[5] == line .. ' ' .. epoch then from = tonumber(has[4])
  elseif has[1] == epoch and string.find(remembered, '\\n' .. line .. '\\n', 1, true) then
    from = tonumber(string.match(line, '^%d+'))
  end
end
local since = from and changesSince(has[6], from, has[2])
if not since then return {'other', redis.call('HGETALL', doc)} end
local head = answer('changes', has)
head[5], head[6], head[7] = since[1], since[2], has[3]
return head
`)
