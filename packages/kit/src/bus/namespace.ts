/** The default prefix of every NATS subject and Redis key. */
export const defaultNamespace = 'parley'

/** Where a service gets the answers to its requests, below this: no other service may listen there. */
export const inboxOf = (namespace: string, service: string): string => `${namespace}.inbox.${service}`

/** Where the processes of a service are asked for their clocks, `*` for those of all. */
export const clocksOf = (service: string): string => `caller.${service}.*.clock`

/** Where a process, `<service>_<id>`, is asked for its monotonic clock. */
export const clockOf = (caller: string): string => `caller.${caller.replace('_', '.')}.clock`
