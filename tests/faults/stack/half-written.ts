import { sql } from '../../support/sql.ts'

/** The rows that a transaction writes together, and a query for halves. Each is one statement, so true at any moment. */
const rules: readonly { what: string; query: string }[] = [
  {
    what: 'a chat whose counter is not the number of its messages',
    query: `select c.meeting_id as id from chat.counters c
      left join (select meeting_id, count(*) as n, max(seq) as top, max(rev) as rev from chat.messages group by 1) m
      using (meeting_id)
      where (c.last_seq, c.last_seq, c.last_rev) is distinct from (coalesce(n, 0), coalesce(top, 0), coalesce(rev, 0))`,
  },
  {
    what: 'a message without a counter',
    query: `select id from chat.messages m
      where not exists (select from chat.counters c where c.meeting_id = m.meeting_id)`,
  },
  {
    what: 'a box of events whose counter is not that of its newest, or with a gap',
    query: `select b.box as id from meetings.user_boxes b
      left join (select box, count(*) as n, max(seq) as top, min(seq) as first from meetings.user_events group by 1) e
      using (box) where b.last_seq is distinct from top or n <> top - first + 1`,
  },
  {
    what: 'a meeting with a change that its host was not told of',
    query: `select m.id from meetings.meetings m where m.version - 1 <> (
      select count(*) from meetings.user_events e where e.box = 'u-' || m.host_id
        and e.type = 'meeting.updated' and e.data -> 'meeting' ->> 'id' = m.id::text)`,
  },
  {
    what: 'a request under way for ever',
    query: `select id from meetings.kept_answers where answer is null`,
  },
  {
    what: 'somebody without a session',
    query: `select id from auth.users u where not exists (select from auth.sessions s where s.user_id = u.id)`,
  },
  {
    what: 'a session without a token',
    query: `select id from auth.sessions s where not exists (
      select from auth.refresh_tokens t where t.session_id = s.id)`,
  },
]

/** A line for every row that was written without what belongs to it. Expects meetings whose hosts only rename them. */
export async function halfWritten(url: string): Promise<string[]> {
  const found = await Promise.all(
    rules.map(async ({ what, query }) => (await sql<{ id: string }>(url, query)).map(({ id }) => `${what}: ${id}`)),
  )
  return found.flat()
}

/** Commands to rooms and notices to chats that have not been delivered. */
export async function undelivered(url: string): Promise<number> {
  const [row] = await sql<{ n: number }>(url, 'select count(*)::int as n from meetings.outbox')
  return row?.n ?? Number.NaN
}

/** Notices of renamings that are in a chat, less the renamings that there were. */
export async function noticesAmiss(url: string): Promise<number> {
  const [row] = await sql<{ n: number }>(
    url,
    `select coalesce(sum(abs(m.version - 1 - (
       select count(*) from chat.messages c where c.meeting_id = m.id and c.type = 'system'))), 0)::int as n
     from meetings.meetings m`,
  )
  return row?.n ?? Number.NaN
}
