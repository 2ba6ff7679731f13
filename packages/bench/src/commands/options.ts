import type { Profiling } from '../profile.ts'

/** What every benchmark takes. */
export interface CommonOptions {
  /** The file of a stack that runs already. */
  stack?: string
  profiling?: Profiling
}
