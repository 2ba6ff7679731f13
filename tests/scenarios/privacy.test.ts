import { randomUUID } from 'node:crypto'
import type { Invite, Meeting } from '@parley/contracts'
import { newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAccount, callOrThrow, createMeeting, type Account } from '../support/accounts.ts'
import { anEmail, password, rest } from '../support/people.ts'
import { takeSeat } from '../support/protocol-socket.ts'
import { startStack } from '../support/product.ts'
import { sql } from '../support/sql.ts'

const name = 'Zebulon Quill'
const waitMs = 60_000
/** Revocations have the id for 25 minutes, until the last token has run out; the job goes when it is done for good. */
const allowed = new Set(['auth.revocations', 'auth.erasures'])

describe('a person', () => {
  let product: Awaited<ReturnType<typeof startStack>>
  let url: string
  let person: Account & { email: string }
  let other: Account
  let hosted: Meeting
  let planned: Meeting
  beforeAll(async () => {
    product = await startStack(
      ['--gateway', '1', '--signaling', '1', '--auth', '1', '--meetings', '1', '--chat', '1', '--respawn'],
      { RATE_LIMITS: 'off', BCRYPT_COST: '4' },
    )
    url = product.gateways[0] ?? ''
    const email = anEmail()
    const body = { email, password, name, username: 'zebulon', tokenDelivery: 'body' }
    const { body: tokens } = await rest('POST', `${url}/v1/auth/register`, { body })
    const { user, accessToken } = tokens as unknown as { user: { id: string }; accessToken: string }
    person = { id: user.id, name, token: accessToken, refreshToken: '', email }
    await query(`update auth.users set email_verified_at = now() where id = '${person.id}'`)
    await query(
      `insert into auth.operator_actions (id, user_id, action, at) values ('${newId()}', '${person.id}', 'verify', now())`,
    )
    other = await anAccount(url, 'Other')
    await live()
  }, 120_000)
  afterAll(() => product.stop(), 60_000)

  const query = <T = never>(statement: string) => sql<T>(product.file.postgres.url, statement)
  const post = <T>(as: Account, path: string, body: object = {}) => callOrThrow<T>(as, 'POST', `${url}${path}`, body)
  const say = (as: Account, { id }: Meeting, text: string) =>
    post(as, `/v1/meetings/${id}/messages`, { clientMessageId: randomUUID(), text })

  /** Leaves traces wherever the product keeps some. */
  async function live(): Promise<void> {
    hosted = await createMeeting(url, person)
    planned = await createMeeting(url, person, { scheduledAt: new Date(Date.now() + 86_400_000).toISOString() })
    const visited = await createMeeting(url, other)
    const seats = [
      await takeSeat(url, person, hosted),
      await takeSeat(url, other, hosted),
      await takeSeat(url, other, visited),
      await takeSeat(url, person, visited),
    ]
    await say(person, hosted, 'mine')
    await say(person, visited, 'there')
    await eventually(async () => {
      const [row] = await query<{ status: string }>(`select status from meetings.meetings where id = '${hosted.id}'`)
      expect(row?.status).toBe('live')
    }, waitMs)
    const { version } = await callOrThrow<Meeting>(person, 'GET', `${url}/v1/meetings/${hosted.id}`)
    const headers = { 'if-match': `"${version}"` }
    await rest('PATCH', `${url}/v1/meetings/${hosted.id}`, { token: person.token, body: { title: 'Talk' }, headers })
    await post<Invite>(other, `/v1/meetings/${visited.id}/invites`, { userId: person.id })
    const third = await anAccount(url, 'Third')
    await post<Invite>(person, `/v1/meetings/${hosted.id}/invites`, { userId: third.id, message: 'come' })
    await post(person, `/v1/meetings/${hosted.id}/tokens`)
    await post(person, '/v1/webhooks', { url: 'https://hooks.example.org/' })
    await post(third, '/v1/webhooks', { url: 'https://hooks.example.org/' })
    await eventually(async () => {
      const said = await query<{ text: string }>(`select text from chat.messages where type = 'system'`)
      expect(said.some(({ text }) => text.includes(name))).toBe(true)
    }, waitMs)
    for (const seat of seats) seat.socket.drop()
    // The facts of their leaving come when the grace is over; a later pass would take what they write.
    await eventually(async () => {
      const present = await query<{ id: string }>('select id from meetings.attendance where left_at is null')
      expect(present).toEqual([])
    }, waitMs)
    // A film that names them.
    const recording = newId()
    const [stay] = await query<{ id: string }>(`select id from meetings.attendance where user_id = '${person.id}'
      and meeting_id = '${hosted.id}'`)
    await query(`insert into media.recordings (id, meeting_id, layout, status, started_by, people) values ('${recording}',
      '${hosted.id}', 'grid', 'ready', '${person.id}',
      '[{"participantId":"${stay?.id ?? ''}","name":"${name}","fromMs":0,"toMs":1}]')`)
    await query(`insert into media.recording_stays (recording_id, participant_id, name) values ('${recording}',
      '${stay?.id ?? ''}', '${name}')`)
  }

  /** The tables of all schemas in which a text stands somewhere. */
  async function tablesWith(text: string): Promise<string[]> {
    const tables = await query<{ name: string }>(`select schemaname || '.' || tablename as name from pg_tables
      where schemaname in ('auth', 'meetings', 'chat', 'media') order by 1`)
    expect(tables.length).toBeGreaterThan(30)
    const counts = await Promise.all(
      tables.map(async ({ name: table }) => {
        const found = await query<{ n: number }>(
          `select count(*)::int as n from ${table} t where strpos(lower(t::text), lower('${text}')) > 0`,
        )
        return (found[0]?.n ?? 0) > 0 ? [table] : []
      }),
    )
    return counts.flat()
  }

  it('O11.1 gets all that is known of them, as one JSON file', async () => {
    const response = await fetch(`${url}/v1/auth/me/export`, { headers: { authorization: `Bearer ${person.token}` } })
    expect([response.status, response.headers.get('content-disposition')]).toEqual([
      200,
      'attachment; filename="parley-export.json"',
    ])
    const known = (await response.json()) as Record<string, unknown[]>
    expect(known).toMatchObject({ profile: { id: person.id, email: person.email, name } })
    const counts = Object.fromEntries(
      Object.entries(known).map(([key, value]) => [key, Array.isArray(value) ? value.length : 1]),
    )
    expect(counts).toMatchObject({
      sessions: 1,
      meetingsHosted: 2,
      attendance: 2,
      invitesReceived: 1,
      invitesSent: 1,
      webhooks: 1,
      messages: 2,
      files: 0,
    })
    expect(counts['events']).toBeGreaterThan(1)
    expect(JSON.stringify(known)).not.toContain('whsec_')
  })

  it('O11.2 O11.3 O11.4 O11.5 is gone from every table after the erasure, also when the services are killed in the middle; what others need stays', async () => {
    for (const text of [person.id, name, person.email]) expect((await tablesWith(text)).length).toBeGreaterThan(0)
    const wrong = await rest('POST', `${url}/v1/auth/me/erase`, {
      token: person.token,
      body: { currentPassword: 'no' },
    })
    expect(wrong.body['code']).toBe('invalid-credentials')
    await post(person, '/v1/auth/me/erase', { currentPassword: password })
    const present = await product.present()
    for (const { pid } of [...present.auth, ...present.meetings]) process.kill(pid, 'SIGKILL')
    // The lease of the dead one would wait longer.
    await eventually(async () => expect((await fetch(`${present.auth[0]?.url}/readyz`)).status).toBe(200), waitMs)
    await query(`update auth.erasures set due_at = now()`)
    await eventually(async () => {
      const [job] = await query<{ passes: number }>('select passes from auth.erasures')
      expect(job?.passes).toBe(1)
    }, waitMs)
    for (const text of [person.id, name, person.email])
      expect([text, (await tablesWith(text)).filter((table) => !allowed.has(table))]).toEqual([text, []])
    // The last pass takes the job itself away.
    await query(`update auth.erasures set due_at = now()`)
    await eventually(async () => expect(await query('select 1 as n from auth.erasures')).toEqual([]), waitMs)
    expect(await tablesWith(name)).toEqual([])

    expect((await rest('GET', `${url}/v1/auth/me`, { token: person.token })).status).toBe(401)
    const credentials = { email: person.email, password }
    expect((await rest('POST', `${url}/v1/auth/login`, { body: credentials })).body['code']).toBe('invalid-credentials')
    const { items } = await callOrThrow<{ items: { text: string; sender: { name: string } }[] }>(
      other,
      'GET',
      `${url}/v1/meetings/${hosted.id}/messages`,
    )
    expect(items.find(({ text }) => text === 'mine')?.sender.name).toBe('Deleted user')
    const rows = await query<{ id: string; status: string; host_name: string }>(
      `select id, status, host_name from meetings.meetings where id in ('${hosted.id}', '${planned.id}')`,
    )
    expect(new Map(rows.map(({ id, status, host_name: host }) => [id, [status, host]]))).toEqual(
      new Map([
        [hosted.id, ['ended', 'Deleted user']],
        [planned.id, ['cancelled', 'Deleted user']],
      ]),
    )
  }, 120_000)
})
