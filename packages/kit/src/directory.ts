import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Kv } from './kv/kv.ts'
import type { Logger } from './logger.ts'
import { createPoller, type Poller } from './poller.ts'

/** A running copy of a service, as the others find it. */
export interface Instance {
  id: string
  url: string
}

const announceEveryMs = 2000
const lifetimeMs = 6000
const pollEveryMs = 1000

const keyOf = (service: string): string => `services:${service}`

/**
 * Tells the others that this instance serves, until it is withdrawn. While the store is away the others keep what they
 * know.
 */
export function announce(
  kv: Kv,
  { name, log, ...instance }: Instance & { name: string; log: Logger },
): { withdraw(): Promise<void> } {
  const member = JSON.stringify({ id: instance.id, url: instance.url })
  let known = true
  const tell = async (): Promise<void> => {
    try {
      await kv.announce(keyOf(name), member, lifetimeMs)
      known = true
    } catch (error) {
      if (known) log.warn({ err: error }, 'cannot announce this instance')
      known = false
    }
  }
  let telling = tell()
  const timer = setInterval(() => void (telling = tell()), announceEveryMs).unref()
  return {
    async withdraw() {
      clearInterval(timer)
      await telling
      await kv
        .withdraw(keyOf(name), member)
        .catch((error: unknown) => log.warn({ err: error }, 'cannot withdraw this instance'))
    },
  }
}

export interface Directory extends Poller {
  /** The instances of a service that was named at creation, in a stable order. */
  instances(service: string): readonly Instance[]
  /** Whether the last poll reached the store; if not, the lists are those of before. */
  fresh(): boolean
}

/** The live lists of some services, polled each second; the last list is kept while the store is away. */
export function createDirectory(kv: Kv, services: readonly string[], { log }: { log: Logger }): Directory {
  const lists = new Map<string, Listing>()
  let reachable = true

  const read = async (service: string): Promise<void> => {
    const members = await kv.alive(keyOf(service))
    lists.set(service, next(lists.get(service), members))
  }
  const poller = createPoller(async () => {
    try {
      await Promise.all(services.map(read))
      reachable = true
    } catch (error) {
      if (reachable) log.warn({ err: error }, 'cannot read the list of services; the last one known goes on')
      reachable = false
    }
  }, pollEveryMs)
  return { ...poller, instances: (service) => lists.get(service)?.instances ?? [], fresh: () => reachable }
}

interface Listing {
  instances: readonly Instance[]
  emptySince: number | null
}

/**
 * A store that has just come back is empty until everybody has announced again: believe an empty list only after a
 * while.
 */
function next(last: Listing | undefined, members: readonly string[]): Listing {
  const instances = members.flatMap(instanceOf).sort((a, b) => (a.id < b.id ? -1 : 1))
  if (instances.length > 0 || last === undefined || last.instances.length === 0) return { instances, emptySince: null }
  const emptySince = last.emptySince ?? performance.now()
  return performance.now() - emptySince < lifetimeMs
    ? { instances: last.instances, emptySince }
    : { instances, emptySince: null }
}

const validator = Compile(Type.Object({ id: Type.String(), url: Type.String() }))

function instanceOf(member: string): Instance[] {
  try {
    const value: unknown = JSON.parse(member)
    return validator.Check(value) ? [value] : []
  } catch {
    return []
  }
}
