import { setTimeout as sleep } from 'node:timers/promises'
import type { Meeting, MeetingStats } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aGuest, anAccount, callOrThrow, createMeeting, type Account } from '../support/accounts.ts'
import { hintsFor } from '../support/nodes.ts'
import { rest } from '../support/people.ts'
import { startStack, type Product, type StackFile } from '../support/product.ts'
import { takeSeat, type Seated } from '../support/protocol-socket.ts'
import { sql } from '../support/sql.ts'

const hosts = 4
const each = 50
const atOnce = 10

/** Counts in the database what the product cannot be asked for: every end that is written down. */
const audit = `
  create table meetings.audit (meeting_id uuid, what text);
  create function meetings.note() returns trigger language plpgsql security definer as $$ begin
    if tg_table_name = 'outbox' then
      if new.command ->> 'kind' = 'end' then insert into meetings.audit values (new.meeting_id, 'told'); end if;
    elsif new.status = 'ended' and old.status <> 'ended' then insert into meetings.audit values (new.id, 'ended');
    end if;
    return new;
  end $$;
  create trigger note_outbox after insert on meetings.outbox for each row execute function meetings.note();
  create trigger note_meetings after update on meetings.meetings for each row execute function meetings.note();`

interface Row {
  id: string
  status: string
  end_reason: string | null
  version: number
}
interface Made {
  host: Account
  meeting: Meeting
}

describe('meetings that expire, two replicas', () => {
  let product: Product & { file: StackFile }
  let hints: string[]
  let made: Made[]
  beforeAll(async () => {
    product = await startStack(['--gateway', '2', '--signaling', '2', '--meetings', '2'])
    hints = await hintsFor(product.file.signaling, url(0))
    made = await makeMeetings()
    await query(audit)
  }, 180_000)
  afterAll(() => product.stop(), 60_000)

  const url = (n: number) => product.gateways[n % product.gateways.length] ?? ''
  const sit = (who: Account, meeting: { code: string }, n: number) => takeSeat(url(n), who, meeting, hints[n % 2])
  const query = <T>(statement: string) => sql<T>(product.file.postgres.url, statement)
  const count = async (from: string) =>
    (await query<{ n: number }>(`select count(*)::int as n from meetings.${from}`))[0]?.n
  const rows = () => query<Row>('select id, status, end_reason, version from meetings.meetings')
  const statsOf = ({ host, meeting }: Made) =>
    callOrThrow<MeetingStats>(host, 'GET', `${url(1)}/v1/meetings/${meeting.id}/stats`)

  /** Two hundred meetings of four hosts. */
  async function makeMeetings(): Promise<Made[]> {
    const all: Made[] = []
    for (let n = 0; n < hosts * each; n += atOnce) {
      const host = n % each === 0 ? await anAccount(url(n), `Host ${n / each}`) : all.at(-1)?.host
      if (!host) throw new Error('nobody made the first meeting')
      const some = Array.from({ length: atOnce }, (_, k) => createMeeting(url(k), host))
      all.push(...(await Promise.all(some)).map((meeting) => ({ host, meeting })))
    }
    return all
  }

  /** Host and a guest, each on another node. */
  const meet = async ({ host, meeting }: Made): Promise<Seated[]> => [
    await sit(host, meeting, 0),
    await sit(await aGuest(url(1), 'Gast'), meeting, 1),
  ]

  /** A person in a lobby whose room nobody has entered. */
  async function waitIn({ host, meeting }: Made): Promise<Seated> {
    const settings = { waitingRoom: true }
    await callOrThrow(host, 'PATCH', `${url(0)}/v1/meetings/${meeting.id}`, { settings })
    return sit(await aGuest(url(0), 'Waiting'), meeting, 1)
  }

  async function letTimeGoBy(expiring: readonly Made[]): Promise<void> {
    const ids = expiring.map(({ meeting }) => `'${meeting.id}'`).join(',')
    const aged = ['created_at', 'started_at'].map((column) => `${column} = ${column} - interval '25 hours'`).join(', ')
    await query(`update meetings.meetings set ${aged} where id in (${ids})`)
  }

  async function isTold({ socket }: Seated): Promise<void> {
    expect((await socket.waitForClose(40_000)).code).toBe(4410)
    const told = socket.all.filter(({ type }) => type === 'room.ended').map(({ payload }) => payload)
    expect(told).toEqual([{ reason: 'expired' }])
  }

  /** Each end was written once, by whichever replica, and so was the word to its room. */
  async function endedOnce(expired: readonly Made[]): Promise<void> {
    const noted = await query<{ what: string; n: number }>(
      'select what, count(*)::int as n from meetings.audit group by meeting_id, what',
    )
    expect(noted.filter(({ n }) => n !== 1)).toEqual([])
    for (const what of ['ended', 'told']) expect(noted.filter((row) => row.what === what)).toHaveLength(expired.length)
  }

  it('M7 R6 M13 two hundred meetings end once each; participants are told and closed with 4410, and the numbers stay', async () => {
    const [fresh, ...expiring] = made
    const occupied = expiring.slice(0, 4)
    const lobby = expiring[4]
    if (!fresh || !lobby) throw new Error('there are too few meetings')
    const people: Seated[] = []
    for (const one of occupied) people.push(...(await meet(one)))
    const waiting = await waitIn(lobby)
    await eventually(async () => expect(await count('attendance where left_at is null')).toBe(people.length), 20_000)
    const versions = new Map((await rows()).map(({ id, version }) => [id, version]))

    await letTimeGoBy(expiring)
    for (const seated of [...people, waiting]) await isTold(seated)
    await eventually(async () => expect(await count(`meetings where status <> 'ended'`)).toBe(1), 60_000)
    await eventually(async () => expect(await count('outbox')).toBe(0), 30_000)
    for (const { id, status, end_reason, version } of await rows()) {
      const how = id === fresh.meeting.id ? ['waiting', null, 0] : ['ended', 'expired', 1]
      expect([id, status, end_reason, version - (versions.get(id) ?? 0)]).toEqual([id, ...how])
    }

    await eventually(async () => expect(await count('moves')).toBe(2 * people.length))
    const numbers = await Promise.all(occupied.map(statsOf))
    for (const { attendance, ...stats } of numbers) {
      expect(stats).toMatchObject({ peakParticipants: 2, joins: 2, uniqueParticipants: 2 })
      expect(attendance.map(({ joins, lastLeftAt }) => [joins, lastLeftAt === null])).toEqual(Array(2).fill([1, false]))
    }
    // Every replica has swept again by then.
    await sleep(6_000)
    expect(await Promise.all(occupied.map(statsOf))).toEqual(numbers)
    expect(await count('moves')).toBe(2 * people.length)
    await endedOnce(expiring)
    const late = { token: lobby.host.token, body: { code: lobby.meeting.code } }
    expect(await rest('POST', `${url(0)}/v1/meetings/join`, late)).toMatchObject({ status: 410 })
  }, 240_000)
})
