import type { Bus, Directory, EdgeAuth, Kv } from '@parley/kit'

export interface DependencyHealth {
  kv: Pick<Kv, 'connected'>
  bus: Pick<Bus, 'connected'>
  directory: Directory
  auth: EdgeAuth
  services: readonly string[]
}

/**
 * The dependencies of the gateway. Without `kv` limits count per gateway and the lists of services stay as they were (`directory`),
 * without `bus` revocations come late, before `keys` nobody can be verified, without an instance of a service its routes
 * answer 503.
 */
export const readinessOf =
  ({ directory, auth, kv, bus, services }: DependencyHealth) =>
  async (): Promise<Record<string, boolean>> => {
    const live = services.map((service) => [service, directory.instances(service).length > 0] as const)
    const shared = { kv: kv.connected(), bus: bus.connected(), directory: directory.fresh(), keys: auth.ready() }
    return { ...shared, ...Object.fromEntries(live) }
  }
