import { StartupError } from '../startup-error.ts'

const host = String.raw`(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::\d{1,5})?`
const setting = String.raw`(?:db=\d{1,4}|sentinelPassword=[^&#\s]*)`
const sentinelUrl = String.raw`rediss?-sentinel://(?:[^@/?#\s]*@)?${host}(?:,${host})*/[\w.-]+(?:\?${setting}(?:&${setting})*)?`

/** The shape of REDIS_URL. */
export const redisUrlPattern = `^(?:rediss?://.*|${sentinelUrl})$`
/** The same in words. */
export const redisUrlExpected =
  'redis://…, rediss://…, or redis-sentinel://[user:password@]host:port,host:port/<master name>[?db=0&sentinelPassword=…], with TLS rediss-sentinel://…'

const parts = /^(rediss?)-sentinel:\/\/(?:([^@/]*)@)?([^/]+)\/([^?]+)(?:\?(.*))?$/
const sentinelPort = 26_379

export interface SentinelUrl {
  sentinels: { host: string; port: number }[]
  name: string
  role: 'master'
  db: number
  /** Whether the Sentinels and the servers that they name are reached over TLS. */
  secure: boolean
  username?: string
  password?: string
  sentinelPassword?: string
}

/** The options by which the client finds its master through the Sentinels of a URL; null if the URL names a server itself. */
export function readSentinelUrl(url: string): SentinelUrl | null {
  const [, scheme, login, hosts, name, query] = parts.exec(url) ?? []
  if (hosts === undefined || name === undefined) return null
  const settings = new URLSearchParams(query)
  const sentinelPassword = settings.get('sentinelPassword')
  return {
    sentinels: hosts.split(',').map(toAddress),
    name,
    role: 'master',
    db: Number(settings.get('db') ?? 0),
    secure: scheme === 'rediss',
    ...(login === undefined ? {} : toLogin(login)),
    ...(sentinelPassword === null ? {} : { sentinelPassword }),
  }
}

function toAddress(text: string): { host: string; port: number } {
  const [, host = '', port] = /^\[?([^\]]+?)\]?(?::(\d+))?$/.exec(text) ?? []
  return { host, port: Number(port ?? sentinelPort) }
}

function toLogin(text: string): { username?: string; password: string } {
  const [user, ...rest] = text.split(':')
  try {
    const username = decodeURIComponent(user ?? '')
    return { ...(username === '' ? {} : { username }), password: decodeURIComponent(rest.join(':')) }
  } catch (cause) {
    throw new StartupError('REDIS_URL: user or password is not percent-encoded UTF-8', { cause })
  }
}
