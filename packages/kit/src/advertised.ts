import { isIPv6 } from 'node:net'

/**
 * How other processes reach this one: `ADVERTISE_URL`, or `ADVERTISE_HOST` with the port at which it listens, or where it listens.
 * An IPv6 address gets its brackets here, for nobody who knows only the address of a pod could add them.
 */
export function advertisedUrl(config: Readonly<Record<string, unknown>>, listening: string): string {
  const { ADVERTISE_URL: url, ADVERTISE_HOST: host } = config
  if (typeof url === 'string') return url
  if (typeof host !== 'string') return listening
  return `http://${isIPv6(host) ? `[${host}]` : host}:${new URL(listening).port || '80'}`
}
