import { ConfigError } from '@parley/kit'

/** One Janus: its name, its WebSocket API, its admin API (HTTP), and where its CPU can be read. */
export interface JanusServer {
  id: string
  url: string
  adminUrl: string
  /** In Prometheus' text format; null: nowhere. */
  metricsUrl: string | null
}

/** The secrets that every Janus of one product shares. */
export interface JanusSecrets {
  /** `admin_secret` of Janus. */
  adminSecret: string
  /** `admin_key` of the VideoRoom: whoever has it may make rooms. */
  adminKey: string
  /** `token_auth_secret` of Janus. */
  tokenSecret: string
}

export const serverPattern = '^[\\w-]{1,40}=wss?://[^|,\\s]+\\|https?://[^|,\\s]+(\\|https?://[^|,\\s]+)?$'

/**
 * Reads entries such as `janus-1=ws://10.0.0.5:8188|http://10.0.0.5:7088/admin`, with `|http://10.0.0.5:9100/metrics` where there is one.
 * @throws ConfigError when two have the same name
 */
export function readServers(entries: readonly string[]): JanusServer[] {
  const servers = entries.map((entry) => {
    const [id, addresses] = splitAt(entry, '=')
    const [url = '', adminUrl = '', metricsUrl = null] = addresses.split('|')
    return { id, url, adminUrl, metricsUrl }
  })
  const names = servers.map(({ id }) => id)
  const twice = names.find((id, index) => names.indexOf(id) !== index)
  if (twice !== undefined)
    throw new ConfigError([`JANUS_SERVERS: ${twice} is there twice; each Janus needs its own name`])
  return servers
}

interface SecretSettings {
  JANUS_SERVERS: readonly string[]
  JANUS_ADMIN_SECRET?: string
  JANUS_ADMIN_KEY?: string
  JANUS_TOKEN_SECRET?: string
}

/**
 * The secrets, which must be set where there is a Janus; null where there is none.
 * @throws ConfigError
 */
export function readSecrets(config: SecretSettings): JanusSecrets | null {
  if (config.JANUS_SERVERS.length === 0) return null
  const { JANUS_ADMIN_SECRET: adminSecret, JANUS_ADMIN_KEY: adminKey, JANUS_TOKEN_SECRET: tokenSecret } = config
  if (adminSecret !== undefined && adminKey !== undefined && tokenSecret !== undefined)
    return { adminSecret, adminKey, tokenSecret }
  throw new ConfigError([
    'JANUS_ADMIN_SECRET, JANUS_ADMIN_KEY and JANUS_TOKEN_SECRET must be set where JANUS_SERVERS is; they are those of Janus’ configuration',
  ])
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return [text.slice(0, at), text.slice(at + separator.length)]
}
