import type { SfuSession } from './sfu-session.ts'

/** The part of the SDK that talks to Janus. */
export interface SfuModule {
  SfuSession: typeof SfuSession
}

/**
 * Resolves to a module of its own, so that a page starts without it. It comes once; after a failure the next call asks again. The build for a
 * script tag has `load-script.ts` in place of this file.
 */
export const loadSfu = (): Promise<SfuModule> => import('./sfu-session.ts')
