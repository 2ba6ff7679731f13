import type { ConnectionOptions } from 'nats'

/** The client's defaults give up after ten reconnects and notice a frozen server after 6 min; these: never, and 15 s. */
export const natsOptions = ({
  url,
  name,
  echo = true,
}: {
  url: string
  name: string
  echo?: boolean | undefined
}): ConnectionOptions => ({
  servers: url.split(','),
  name,
  timeout: 2000,
  waitOnFirstConnect: true,
  maxReconnectAttempts: -1,
  reconnectTimeWait: 250,
  reconnectJitter: 1000,
  pingInterval: 5000,
  maxPingOut: 2,
  noAsyncTraces: true,
  noEcho: !echo,
})
