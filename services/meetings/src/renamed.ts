import { authBus } from '@parley/contracts'
import { subscribe, type BusSubscription } from '@parley/kit'
import { tellAccess } from './access.ts'
import { changing } from './changing.ts'
import { now, type Context } from './context.ts'
import { countLobby } from './store/lobby.ts'
import { lockMeeting } from './store/meetings.ts'
import { meetingsOfName, renameEverywhere, renameInLobby, renameStays, type Renaming } from './store/names.ts'
import { enqueueCommand } from './store/outbox.ts'

/**
 * Lets the copies of a name follow when an account gets another one: of a host, of who invites, in the lobby, and of those in a
 * room, whose people are told. A person with another name in a meeting, by a `displayName`, stays so. Every replica hears of it; the
 * first to change a row tells what follows from it.
 */
export const followNames = (context: Context): BusSubscription =>
  subscribe(
    context.bus,
    authBus.renamed,
    {},
    (renaming) => {
      context.names.forget(renaming.userId)
      rename(context, renaming).catch((error: unknown) =>
        context.log.warn({ err: error, userId: renaming.userId }, 'the copies of a name could not follow'),
      )
    },
    context.log,
  )

/** The same for auth, which asks until it is answered. */
export async function renamed(context: Context, renaming: Renaming): Promise<Record<string, never>> {
  context.names.forget(renaming.userId)
  await rename(context, renaming)
  return {}
}

async function rename(context: Context, renaming: Renaming): Promise<void> {
  await renameEverywhere(context.db, renaming)
  for (const meetingId of await meetingsOfName(context.db, renaming)) await renameIn(context, meetingId, renaming)
}

/** In one meeting that people see now. */
async function renameIn(context: Context, meetingId: string, renaming: Renaming): Promise<void> {
  const { userId } = renaming
  const lv = await changing(context, meetingId, async (trx) => {
    await lockMeeting(trx, meetingId)
    if (await renameStays(trx, meetingId, renaming))
      await enqueueCommand(trx, meetingId, { kind: 'name', ...renaming }, now(context))
    return (await renameInLobby(trx, meetingId, renaming)) ? countLobby(trx, meetingId) : null
  })
  context.wakeRelay()
  if (lv !== null) context.tellLobby(meetingId, lv)
  tellAccess(context, { meetingId, userId })
}
