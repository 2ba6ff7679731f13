import { Readable } from 'node:stream'
import { privacyBus } from '@parley/contracts'
import { ask, ProblemError, type Bus } from '@parley/kit'
import { findUser } from '../accounts/store.ts'
import { toUser } from '../accounts/user.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Db } from '../tables.ts'

interface ExportDeps {
  db: Db
  bus: Bus
  sessions: Sessions
}
const others = [privacyBus.exportFromMeetings, privacyBus.exportFromChat, privacyBus.exportFromMedia] as const

/**
 * All that the product knows of a person, as one JSON object, read while it is sent: a field a kind of data. It breaks off when a
 * service is away, so that half of it is no valid JSON. @throws ProblemError `unauthenticated`
 */
export async function exportPerson(deps: ExportDeps, who: { userId: string; sessionId: string }): Promise<Readable> {
  const user = await findUser(deps.db, who.userId)
  if (user === undefined) throw new ProblemError('unauthenticated', 'The account no longer exists')
  const identities = await deps.db
    .selectFrom('identities')
    .select(['issuer', 'subject', 'created_at as createdAt'])
    .where('user_id', '=', user.id)
    .execute()
  const email = user.email_verified_at === null ? null : user.email
  const own = { profile: toUser(user), identities, sessions: await deps.sessions.list(who.userId, who.sessionId) }
  return Readable.from(textOf(deps.bus, { userId: user.id, email }, own))
}

async function* textOf(
  bus: Bus,
  person: { userId: string; email: string | null },
  own: object,
): AsyncGenerator<string> {
  yield JSON.stringify({ exportedAt: new Date().toISOString(), ...own }, null, 1).slice(0, -2)
  for (const subject of others) {
    let cursor: string | null = null
    let section = ''
    let items = 0
    do {
      const page: { section: string; items: unknown[]; cursor: string | null } = await ask(
        bus,
        subject as typeof privacyBus.exportFromMeetings,
        { ...person, cursor },
      )
      if (page.section !== section) {
        yield `${section === '' ? '' : ']'},\n ${JSON.stringify(page.section)}: [`
        ;[section, items] = [page.section, 0]
      }
      for (const item of page.items) yield `${items++ === 0 ? '' : ','}\n  ${JSON.stringify(item)}`
      cursor = page.cursor
    } while (cursor !== null)
    yield section === '' ? '' : ']'
  }
  yield '\n}\n'
}
