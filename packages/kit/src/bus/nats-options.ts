import {
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
  type Authenticator,
  type ConnectionOptions,
} from 'nats'
import { StartupError } from '../startup-error.ts'

/** How a process shows NATS who it is; at most one of user, token, credentials and nkey. A URL may carry the first two. */
export interface NatsLogin {
  user?: string | undefined
  password?: string | undefined
  token?: string | undefined
  /** The text of a credentials file. */
  credentials?: string | undefined
  /** The seed of an nkey. */
  nkey?: string | undefined
  /** Certificates, PEM, of whoever signs the server's. The client compares names only: the URL needs the server's name, not its address. */
  ca?: string | undefined
}

interface Options {
  /** One server or several of a cluster: `nats://[user:password@|token@]host:port,…`; with `tls://` nothing goes in the clear. */
  url: string
  name: string
  login?: NatsLogin | undefined
  /** Answers come to subjects below this one. */
  inboxPrefix: string
  echo?: boolean | undefined
}

/**
 * The client's defaults give up after ten reconnects and notice a frozen server after 6 min; these: never, and 15 s.
 * @throws StartupError if the login is ambiguous or malformed
 */
export function natsOptions({ url, name, login = {}, inboxPrefix, echo = true }: Options): ConnectionOptions {
  const servers = url.split(',').map((one) => new URL(one.trim()))
  const secure = login.ca !== undefined || servers.some(({ protocol }) => protocol === 'tls:')
  const authenticator = authenticatorOf({ ...inUrl(servers), ...given(login) })
  return {
    servers: servers.map(({ host }) => host),
    name,
    ...(authenticator && { authenticator }),
    ...(secure && { tls: login.ca === undefined ? {} : { ca: login.ca } }),
    inboxPrefix,
    timeout: 2000,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 1000,
    pingInterval: 5000,
    maxPingOut: 2,
    noAsyncTraces: true,
    noEcho: !echo,
  }
}

const given = (login: NatsLogin): NatsLogin =>
  Object.fromEntries(Object.entries(login).filter(([, value]) => value !== undefined))

/** The client itself ignores what stands before the `@` of a URL. */
function inUrl(servers: readonly URL[]): NatsLogin {
  const found = servers.find(({ username, password }) => username !== '' || password !== '')
  if (found === undefined) return {}
  try {
    const [user, password] = [decodeURIComponent(found.username), decodeURIComponent(found.password)]
    return password === '' ? { token: user } : { user, password }
  } catch (cause) {
    throw new StartupError('NATS_URL: user or password is not percent-encoded UTF-8', { cause })
  }
}

function authenticatorOf({ user, password, token, credentials, nkey }: NatsLogin): Authenticator | undefined {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  const ways = [
    user !== undefined && usernamePasswordAuthenticator(user, password),
    token !== undefined && tokenAuthenticator(token),
    // The client wants the line end after the last line.
    credentials !== undefined && credsAuthenticator(bytes(`${credentials}\n`)),
    nkey !== undefined && nkeyAuthenticator(bytes(nkey.trim())),
  ].filter((way) => way !== false)
  if (ways.length > 1)
    throw new StartupError(
      'NATS: set one of user and password, token, credentials, nkey; not several (NATS_URL counts)',
    )
  return ways[0]
}
