import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { request, newId, ProblemError } from '@parley/kit'
import { chatBus, type Message } from '@parley/contracts'
import { eventually, freeze, startPostgres, type RunningServer } from '@parley/kit/testing'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createHarness, newDraft, storedIn, type Harness } from './testing/harness.ts'
import { mostMs, problemOrThrow, timed } from './testing/outcome.ts'
import { databaseStage, type Stage } from './testing/stages.ts'

describe('chat and a PostgreSQL that comes and goes', () => {
  let dir: string
  let postgres: RunningServer
  let stage: Stage
  let harness: Harness
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'parley-chat-outage-'))
    postgres = await startPostgres({ dir })
  })
  afterAll(async () => {
    await postgres.stop()
    await rm(dir, { recursive: true, force: true })
  })
  beforeEach(async () => {
    stage = await databaseStage(postgres)
    harness = await createHarness(stage)
  })
  afterEach(async () => {
    await harness.stop()
    await stage.close()
  })

  /** Sends until it is accepted, as a client does, and notes how long each attempt took and how it ended. */
  const sendUntilAccepted = async (meetingId: string, attempts: Attempt[]): Promise<Message> => {
    const draft = { ...newDraft(), meetingId }
    for (;;) {
      const startedAt = performance.now()
      const outcome = await request(harness.bus, chatBus.send, draft).catch((error: unknown) => problemOrThrow(error))
      attempts.push({
        ms: performance.now() - startedAt,
        code: outcome instanceof ProblemError ? outcome.code : 'accepted',
      })
      if (!(outcome instanceof ProblemError)) return outcome.message
      await sleep(Math.min(300, outcome.extra.retryAfterMs ?? 300))
    }
  }

  test.each([
    ['stopped hard', (server: RunningServer) => server.stop()],
    [
      'killed',
      async (server: RunningServer) => {
        // Its children notice and end by themselves; `stop` waits for the port to be free.
        server.kill('SIGKILL')
        await server.stop()
      },
    ],
  ])(
    'C1 T10 %s and started again: each send ends in time, none accepted is lost, all are accepted once',
    async (_name, end) => {
      const meetings = Array.from({ length: 5 }, newId)
      const attempts: Attempt[] = []
      let over = false
      const client = async (at: number): Promise<[string, Message][]> => {
        const accepted: [string, Message][] = []
        const meetingId = meetings[at % 5] ?? ''
        while (!over) accepted.push([meetingId, await sendUntilAccepted(meetingId, attempts)])
        return accepted
      }
      const clients = Array.from({ length: 40 }, (_, at) => client(at))
      await sleep(300)
      await end(postgres)
      await sleep(1500)
      const [reads] = await Promise.all([timed(harness.list(meetings[0] ?? '', harness.token())), sleep(500)])
      expect([reads.value.status, reads.value.body.code, reads.ms < mostMs]).toEqual([503, 'unavailable', true])
      expect(reads.value.headers.get('retry-after')).toBe('1')
      expect(await harness.replicas[0].readiness()).toMatchObject({ database: false, bus: true })
      postgres = await startPostgres({ dir, port: postgres.port })
      await sleep(700)
      over = true
      const accepted = (await Promise.all(clients)).flat()
      expect(attempts.some(({ code }) => code === 'unavailable')).toBe(true)
      expect(attempts.filter(({ ms, code }) => ms > mostMs || !['accepted', 'unavailable'].includes(code))).toEqual([])
      for (const meetingId of meetings) {
        const rows = await storedIn(harness.db, meetingId)
        expect(rows.map(({ seq }) => seq)).toEqual(Array.from(rows, (_, index) => index + 1))
        const mine = accepted.filter(([id]) => id === meetingId).map(([, message]) => message)
        expect(rows.map(({ id, seq }) => `${seq} ${id}`)).toEqual(
          mine.toSorted((a, b) => a.seq - b.seq).map(({ id, seq }) => `${seq} ${id}`),
        )
      }
      await eventually(async () => expect(await harness.replicas[0].readiness()).toMatchObject({ database: true }))
    },
  )

  test('C1 T11 a frozen database: each request ends in time, and all goes on after it thaws', async () => {
    const meetingId = newId()
    await Promise.all(Array.from({ length: 30 }, () => harness.send({ meetingId })))
    const { rows } = await sql<{
      pid: number
    }>`select pid from pg_stat_activity where application_name = 'parley'`.execute(harness.db)
    const pids = [postgres.pid, ...rows.map(({ pid }) => pid)]
    const attempts: Attempt[] = []
    const draft = { ...newDraft(), meetingId }
    try {
      await Promise.all(pids.map(freeze))
      const sends = Array.from({ length: 200 }, () =>
        timed(request(harness.bus, chatBus.send, { ...newDraft(), meetingId }).catch(problemOrThrow)),
      )
      const [lost, listed, posted, all] = await Promise.all([
        timed(request(harness.bus, chatBus.send, draft).catch(problemOrThrow)),
        timed(harness.list(meetingId, harness.token())),
        timed(harness.post(meetingId, harness.token(), { clientMessageId: newId(), text: 'x' })),
        Promise.all(sends),
      ])
      for (const { ms, value } of [lost, ...all])
        attempts.push({ ms, code: value instanceof ProblemError ? value.code : 'accepted' })
      expect(attempts.filter(({ ms, code }) => ms > mostMs || code !== 'unavailable')).toEqual([])
      expect([listed.value.status, listed.ms < mostMs, posted.value.status, posted.ms < mostMs]).toEqual([
        503,
        true,
        503,
        true,
      ])
    } finally {
      for (const pid of pids) continueIfThere(pid)
    }
    const message = await eventually(async () => (await request(harness.bus, chatBus.send, draft)).message)
    const stored = await storedIn(harness.db, meetingId)
    expect(
      stored.filter(({ client_message_id }) => client_message_id === draft.clientMessageId).map(({ id }) => id),
    ).toEqual([message.id])
    expect(stored.map(({ seq }) => seq)).toEqual(Array.from(stored, (_, index) => index + 1))
  })

  test('C1 a replica that stops answers what it has taken, and its last messages are stored', async () => {
    const meetingId = newId()
    const token = harness.token()
    const [first] = harness.replicas
    const posts = Array.from({ length: 50 }, () =>
      harness.post(meetingId, token, { clientMessageId: newId(), text: 'x' }, first),
    )
    await sleep(15)
    const [answers] = await Promise.all([Promise.allSettled(posts), first.stop()])
    const accepted = answers.flatMap((answered) =>
      answered.status === 'fulfilled' && answered.value.status === 201 ? [answered.value.body.id] : [],
    )
    const stored = (await storedIn(harness.db, meetingId)).map(({ id }) => id)
    expect(accepted.filter((id) => !stored.includes(id))).toEqual([])
    expect((await harness.send({ meetingId })).message.seq).toBe(stored.length + 1)
  })
})

interface Attempt {
  ms: number
  code: string
}

/** A session that the service gave up may have ended by itself. */
function continueIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
