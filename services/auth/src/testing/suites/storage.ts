import { authBus } from '@parley/contracts'
import { request } from '@parley/kit'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { cleanUp } from '../../housekeeping/housekeeping.ts'
import type { TestAuth } from '../harness.ts'
import { password, refresh, signUp, withRefreshToken } from '../people.ts'

/** The rows in the database, and how long they stay: S9 and housekeeping. */
export function storageSuite(auth: () => TestAuth): void {
  async function dump(): Promise<string> {
    const tables = await sql<{
      name: string
    }>`select table_name as name from information_schema.tables where table_schema = 'auth'`.execute(auth().db)
    const rows = tables.rows.map(({ name }) =>
      sql<{ row: string }>`select to_jsonb(t)::text as row from ${sql.table(`auth.${name}`)} t`.execute(auth().db),
    )
    return (await Promise.all(rows)).flatMap((result) => result.rows.map(({ row }) => row)).join('\n')
  }
  const count = async (table: 'users' | 'sessions' | 'refresh_tokens' | 'revocations') =>
    Number(
      (
        await auth()
          .db.selectFrom(table)
          .select((eb) => eb.fn.countAll().as('n'))
          .executeTakeFirstOrThrow()
      ).n,
    )
  /** Time passes for the service, and for what the database has measured. */
  const elapse = async (ms: number) => {
    auth().clock.advance(ms)
    const past = sql`make_interval(secs => ${ms / 1000})`
    await sql`update ${sql.table('auth.refresh_tokens')} set used_at = used_at - ${past}`.execute(auth().db)
  }
  const sweep = (refreshTtlMs: number, guestTtlMs: number) => {
    const { db, clock, stage } = auth()
    return cleanUp({ db, clock, log: stage.log, refreshTtlMs, guestTtlMs })
  }

  test('S9 no token and no password is in a dump of the database, also right after a refresh', async () => {
    const first = await signUp(auth())
    const second = withRefreshToken(await refresh(auth(), first.refreshToken))
    const text = await dump()
    expect(text).toContain(first.user.id)
    for (const secret of [first.refreshToken, second.refreshToken, first.accessToken, second.accessToken, password]) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(Buffer.from(secret).toString('base64url'))
    }
  })

  test('A10 private keys are encrypted at rest when there is a secret', async () => {
    const text = await dump()
    expect(text).toContain('gcm1:')
    expect(text).not.toContain('PRIVATE KEY')
  })

  test('housekeeping forgets what no longer matters and nothing else', async () => {
    await auth().db.deleteFrom('users').execute()
    const kept = await signUp(auth())
    const left = await signUp(auth())
    await auth().call('POST', '/v1/auth/logout', { body: { refreshToken: left.refreshToken } })
    const guest = await auth().call('POST', '/v1/auth/guest', { body: { name: 'G', tokenDelivery: 'body' } })
    const returning = await auth().call('POST', '/v1/auth/guest', { body: { name: 'R' } })
    expect([guest.status, returning.status]).toEqual([201, 201])
    await sql`update ${sql.table('auth.revocations')} set at = at - interval '26 minutes'`.execute(auth().db)
    expect([await count('users'), await count('sessions')]).toEqual([4, 4])
    await elapse(2 * 24 * 3600_000 + 1000)
    await sweep(30 * 24 * 3600_000, 24 * 3600_000)
    expect(await count('revocations')).toBe(0)
    // The guest who may come back from the same browser stays known without a session.
    expect([await count('users'), await count('sessions')]).toEqual([3, 1])
    const renewed = withRefreshToken(await refresh(auth(), kept.refreshToken))
    await elapse(29 * 24 * 3600_000)
    const latest = withRefreshToken(await refresh(auth(), renewed.refreshToken))
    await elapse(3 * 24 * 3600_000)
    await sweep(30 * 24 * 3600_000, 24 * 3600_000)
    expect(await count('refresh_tokens')).toBe(2)
    expect((await refresh(auth(), latest.refreshToken)).status).toBe(200)
  })

  test('A10 any time may be asked for', async () => {
    await sql`delete from ${sql.table('auth.revocations')}`.execute(auth().db)
    for (const since of [0, -5, Number.MAX_SAFE_INTEGER]) {
      expect(await request(auth().stage.bus, authBus.revocations, { since })).toMatchObject({
        items: [],
        now: expect.any(Number),
      })
    }
  })
}
