import { Readable } from 'node:stream'
import { privacyBus } from '@parley/contracts'
import { request, ProblemError, type Bus } from '@parley/kit'
import { findUser } from '../accounts/store.ts'
import { toUser } from '../accounts/user.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Db } from '../tables.ts'

interface ExportDeps {
  db: Db
  bus: Bus
  sessions: Sessions
}
interface ExportedUser {
  userId: string
  email: string | null
}
interface Page {
  section: string
  items: unknown[]
  cursor: string | null
}
type Part = ExportedUser & { cursor: string | null }
const others: readonly ((bus: Bus, part: Part) => Promise<Page>)[] = [
  (bus, part) => request(bus, privacyBus.exportFromMeetings, part),
  (bus, part) => request(bus, privacyBus.exportFromChat, part),
  (bus, part) => request(bus, privacyBus.exportFromMedia, part),
]

/**
 * All that the product knows of a person, as one JSON object, read while it is sent: a field a kind of data. It breaks off when a
 * service is away, so that half of it is no valid JSON. @throws ProblemError `unauthenticated`
 */
export async function exportUser(deps: ExportDeps, who: { userId: string; sessionId: string }): Promise<Readable> {
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

async function* textOf(bus: Bus, user: ExportedUser, own: object): AsyncGenerator<string> {
  yield JSON.stringify(own, null, 1).slice(0, -2)
  for (const askOne of others) yield* sectionsOf((cursor) => askOne(bus, { ...user, cursor }))
  yield '\n}\n'
}

/** The sections of one service, each a field; a section may come on several pages. */
async function* sectionsOf(read: (cursor: string | null) => Promise<Page>): AsyncGenerator<string> {
  let page = await read(null)
  while (true) {
    yield `,\n ${JSON.stringify(page.section)}: [`
    const { section } = page
    let items = 0
    let next: Page | null = page
    for (; next !== null && next.section === section; next = next.cursor === null ? null : await read(next.cursor))
      for (const item of next.items) yield `${items++ === 0 ? '' : ','}\n  ${JSON.stringify(item)}`
    yield ']'
    if (next === null) return
    page = next
  }
}
