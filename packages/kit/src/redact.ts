import { loggable } from './text/log-line.ts'

const secretName = /^(authorization|proxy-authorization|cookie|set-cookie|email|sdp|candidate|data|signal)$/i
const secretEnding = /(tokens?|secret|password|passcode|credentials?|api_?key|private_?key)$/i
const isSecret = (key: string): boolean => secretName.test(key) || secretEnding.test(key)
const hidden = '[redacted]'
const maxDepth = 6

/**
 * A copy of what is logged, without the values of secret fields at any depth. Errors are reduced to known members. Nothing in its texts acts on a terminal.
 */
function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return loggable(value)
  if (value instanceof Error) return describeError(value, depth)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (depth >= maxDepth) return '[deep]'
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redact(item, depth + 1))
  return redactFields(value, depth)
}

export function redactFields(fields: object, depth = 0): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(fields)) {
    copy[key] =
      isSecret(key) && typeof item !== 'number' && typeof item !== 'boolean' ? hidden : redact(item, depth + 1)
  }
  return copy
}

/** Masks what looks like a token (JWT) or a password in a URL in a finished log line. */
export function redactLine(line: string): string {
  const withoutTokens = line.includes('eyJ')
    ? line.replace(/eyJ[\w-]{5,2000}\.[\w-]{2,4000}(\.[\w-]{0,2000})?/g, hidden)
    : line
  return withoutTokens.includes('://')
    ? withoutTokens.replace(/(:\/\/[^\s:/@"]{0,100}):[^\s/@"]{1,200}@/g, `$1:${hidden}@`)
    : withoutTokens
}

/** An error's own fields are left out: libraries hang requests, headers and rows on them. */
function describeError(error: Error, depth: number): Record<string, unknown> {
  const code: unknown = 'code' in error ? error.code : undefined
  const cause = error.cause === undefined || depth >= maxDepth ? undefined : redact(error.cause, depth + 1)
  return {
    type: error.name,
    message: loggable(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    // Its lines are ours; what is in them may be a stranger's.
    stack: error.stack?.split('\n').map(loggable).join('\n'),
    ...(cause === undefined ? {} : { cause }),
  }
}
