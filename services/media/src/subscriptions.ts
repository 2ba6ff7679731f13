import type { BusSubscription } from '@parley/kit'

/** What the service answers and hears on the bus. */
export const subscribeMedia = (): BusSubscription[] => []
