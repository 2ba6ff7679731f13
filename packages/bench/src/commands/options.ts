import type { Profiling } from '../profile.ts'

/** The options of every benchmark. */
export interface CommonOptions {
  /** The file of a stack that runs already. */
  stack?: string
  profiling?: Profiling
}
