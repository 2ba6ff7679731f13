import type { Held } from './store.ts'

/**
 * Work on one recording. It ends when `signal` aborts: then the lease is lost, or the service stops. `look` gives the recording as it is
 * now, and throws when it is not ours any more. `again`: after how many milliseconds there is more to do, if there is.
 */
export type Job = (signal: AbortSignal, look: () => Promise<Held>) => Promise<{ again: number }>
