import { createHash } from 'node:crypto'
import { limitKey, ProblemError } from '@parley/kit'
import { countPlaces } from '../store/lobby.ts'
import type { Db } from '../tables.ts'

/** As many as fit into an answer on the bus. */
const maxWaiting = 500
/** Guest identities are free to make: these places are not for them. */
const keptForAccounts = 100
/** As many places an address may have whatever is free. */
const always = 4
const tryAgainMs = 30_000

/** From where somebody waits, told from others of the same lobby only: an address is nobody's business here. */
export const originOf = (meetingId: string, address: string): string =>
  createHash('sha256')
    .update(`${meetingId} ${limitKey(address)}`)
    .digest('base64url')
    .slice(0, 16)

/**
 * In a transaction that has locked the meeting: whether there is a place in its lobby for one more, by the rule of `createPlaces` of
 * the kit: an address may take one as long as it has fewer than are free. `origin` is null where nobody knows it any more.
 * @throws ProblemError `meeting-full`
 */
export async function placeInLobbyOrThrow(
  trx: Db,
  { meetingId, guest, origin }: { meetingId: string; guest: boolean; origin: string | null },
): Promise<void> {
  const { all, guests, here } = await countPlaces(trx, { meetingId, guest, origin })
  const free = guest ? Math.min(maxWaiting - all, maxWaiting - keptForAccounts - guests) : maxWaiting - all
  if (free <= 0) throw full('Too many people wait in the lobby')
  if (here >= Math.max(always, free)) throw full('Too many people of your address wait in the lobby')
}

const full = (detail: string) => new ProblemError('meeting-full', detail, { retryAfterMs: tryAgainMs })
