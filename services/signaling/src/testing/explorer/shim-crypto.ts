import { activeLoop } from './loop.ts'

export * from 'node:crypto'

/** In the place of the one of `node:crypto`: the same each time that a schedule runs. It only spreads timers. */
export const randomInt = (most: number): number => Math.floor((((activeLoop()?.tasks ?? 0) * 0.618_033_988) % 1) * most)
