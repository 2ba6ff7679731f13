import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { busGrants, type MeetingTimeline } from '@parley/contracts'
import { connectNatsBus, connectRedisKv, createLogger, isProblem, listNodes, newId, orderNode } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAccount, createMeeting, roomTokenFor } from '../support/accounts.ts'
import { parleyCli } from '../support/cli.ts'
import { anEmail, password, rest } from '../support/people.ts'
import { startStack } from '../support/product.ts'
import { ProtocolSocket, takeSeat } from '../support/protocol-socket.ts'
import { sql } from '../support/sql.ts'

const waitMs = 60_000
const adminToken = 'a token that only operators have'

describe('what operators do', () => {
  let product: Awaited<ReturnType<typeof startStack>>
  let url: string
  beforeAll(async () => {
    product = await startStack(['--gateway', '1'], { BCRYPT_COST: '4', LOG_FORMAT: 'json', ADMIN_TOKEN: adminToken })
    url = product.gateways[0] ?? ''
  }, 120_000)
  afterAll(() => product.stop(), 60_000)

  const parley = (...args: string[]) =>
    parleyCli(args, { ADMIN_TOKEN: adminToken, DATABASE_URL: product.file.postgres.url, PORT: new URL(url).port })

  it(
    'O26 O2 a meeting has a timeline: joins, drops, resumes, moderation, a refusal with its request id in the logs, the end',
    async () => {
      const [ada, ben] = [await anAccount(url, 'Ada'), await anAccount(url, 'Ben')]
      const meeting = await createMeeting(url, ada)
      const host = await takeSeat(url, ada, meeting)
      const guest = await takeSeat(url, ben, meeting)
      guest.socket.drop()
      const again = await ProtocolSocket.open(url, ben.token)
      const { sessionId, resumeToken, v } = guest.entered
      const resumed = await eventually(async () => {
        expect(await again.outcome('room.resume', { sessionId, resumeToken, v })).toBe('room.resumed')
        return again
      })
      await host.socket.ask('moderation.mute', { participantId: guest.id, kind: 'mic' })
      await host.socket.ask('moderation.remove', { participantId: guest.id, ban: true })
      await resumed.waitForClose()
      const requestId = randomUUID()
      const headers = { 'x-request-id': requestId }
      const refused = await rest('POST', `${url}/v1/meetings/join`, {
        token: ben.token,
        body: { code: meeting.code },
        headers,
      })
      expect(refused).toMatchObject({ status: 403, body: { code: 'removed-from-meeting', requestId } })
      await rest('POST', `${url}/v1/meetings/${meeting.id}/end`, { token: ada.token })
      const told = (entries: MeetingTimeline['entries']) =>
        entries.map(({ kind, outcome, name, target }) => [kind, outcome, name, target].filter(Boolean).join(' '))
      const entries = await eventually(async () => {
        const { stdout, stderr } = await parley('meeting', 'timeline', meeting.code, '--json')
        expect(stderr).toBe('')
        const found = (JSON.parse(stdout) as MeetingTimeline).entries
        expect(told(found)).toEqual(
          expect.arrayContaining([
            'created ok Ada',
            'started ok',
            'joined ok Ada',
            'joined ok Ben',
            'socket.lost 1006 Ben',
            'room.resume ok Ben',
            'moderation.mute ok Ada Ben',
            'moderation.remove ok Ada Ben',
            'left ok Ben',
            'POST /v1/meetings/join removed-from-meeting Ben',
            'ended host',
          ]),
        )
        return found
      }, waitMs)
      expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).toSorted())
      expect(entries.find(({ outcome }) => outcome === 'removed-from-meeting')?.requestId).toBe(requestId)
      await eventually(() => {
        const lines = product
          .output()
          .split('\n')
          .filter((line) => line.includes(requestId))
        expect(lines.filter((line) => line.includes('removed-from-meeting')).length).toBeGreaterThan(0)
      })
      const bens = await parley('meeting', 'timeline', meeting.id, '--user', 'ben')
      expect([bens.stdout.includes('Ada'), bens.stdout.includes('removed-from-meeting')]).toEqual([false, true])
      expect(await parley('meeting', 'timeline', 'zzz-zzzz-zzz')).toMatchObject({
        code: 1,
        stderr: 'parley: There is no meeting zzz-zzzz-zzz\n',
      })
    },
    2 * waitMs,
  )

  it(
    'O26 a person who never came in is in the timeline: handshakes and room tokens that were refused, with the id that the logs have',
    async () => {
      const [ada, ben, cy] = [await anAccount(url, 'Ada'), await anAccount(url, 'Ben'), await anAccount(url, 'Cy')]
      const meeting = await createMeeting(url, ada)
      const roomToken = await roomTokenFor(url, ben, meeting)
      const socket = await ProtocolSocket.open(url, cy.token)
      const enter = { roomToken, device: { mic: false, cam: false } }
      expect(await socket.outcome('room.join', enter)).toBe('room-token-invalid')
      socket.drop()
      const bens = await ProtocolSocket.open(url, ben.token)
      expect(await bens.outcome('room.join', enter)).toBe('room.joined')
      const again = await ProtocolSocket.open(url, ben.token)
      expect(await again.outcome('room.join', enter)).toBe('room-token-invalid')
      for (const one of [bens, again]) one.drop()
      await rest('POST', `${url}/v1/auth/logout-all`, { token: cy.token })
      await eventually(
        () => expect(ProtocolSocket.open(url, cy.token, meeting.id)).rejects.toThrow('refused: 401'),
        waitMs,
      )
      await expect(ProtocolSocket.open(url, 'none', meeting.id)).rejects.toThrow('refused: 401')
      await eventually(async () => {
        const { stdout } = await parley('meeting', 'timeline', meeting.id, '--json')
        const { entries } = JSON.parse(stdout) as MeetingTimeline
        const lines = entries.map(({ kind, outcome, userId }) => ({ kind, outcome, userId }))
        expect(lines).toEqual(
          expect.arrayContaining([
            { kind: 'room.join', outcome: "room-token-invalid (another person's)", userId: cy.id },
            { kind: 'room.join', outcome: 'room-token-invalid (used)', userId: ben.id },
            { kind: 'handshake', outcome: 'unauthenticated', userId: cy.id },
            { kind: 'handshake', outcome: 'unauthenticated', userId: undefined },
          ]),
        )
        for (const { kind, requestId = 'none' } of entries.filter(({ outcome }) => outcome !== 'ok'))
          expect(product.output(), kind).toContain(`"requestId":"${requestId}"`)
      }, waitMs)
    },
    2 * waitMs,
  )

  it(
    'O25 a drained auth, meetings, chat or media answers nobody over the bus and does no work; put back it does both again',
    async () => {
      const log = createLogger({ service: 'test', level: 'silent' })
      const bus = await connectNatsBus({ url: product.file.nats.url, name: 'auth/test', log })
      const kv = await connectRedisKv({ url: product.file.redis.url, log })
      const services = ['auth', 'meetings', 'chat', 'media'] as const
      /** The requests of a service that find somebody, whatever they are answered. */
      const answeredBy = async (service: (typeof services)[number]): Promise<string[]> => {
        const subjects = busGrants[service].responds.map(({ subject }) => subject)
        const asked = subjects.map((subject) =>
          bus.request(subject, '{"none":true}', 5_000).then(
            () => [subject],
            (error: unknown) => (isProblem(error, 'unavailable') ? [] : Promise.reject(error)),
          ),
        )
        return (await Promise.all(asked)).flat()
      }
      const orderAll = async (order: 'drain' | 'serve') => {
        const nodes = await listNodes(kv, services)
        expect(nodes).toHaveLength(services.length)
        for (const node of nodes) await orderNode(kv, node, order)
      }
      try {
        // The only one of each kind, which the gateway would not drain.
        await orderAll('drain')
        for (const service of services)
          await eventually(async () => expect(await answeredBy(service)).toEqual([]), waitMs)
        // Auth tells meetings of these each 5 s.
        await sql(product.file.postgres.url, `insert into auth.standings (user_id) values ('${newId()}')`)
        const waiting = () => sql(product.file.postgres.url, 'select user_id from auth.standings')
        await sleep(7_000)
        expect(await waiting()).toHaveLength(1)
        await orderAll('serve')
        for (const service of services) {
          const all = busGrants[service].responds.map(({ subject }) => subject)
          await eventually(async () => expect(await answeredBy(service)).toEqual(all), waitMs)
        }
        await eventually(async () => expect(await waiting()).toHaveLength(0), waitMs)
        await eventually(async () => createMeeting(url, await anAccount(url, 'Ada')), waitMs)
      } finally {
        await bus.close(1_000)
        await kv.close()
      }
    },
    3 * waitMs,
  )

  it(
    'A13 parley user disable ends sessions and sockets, refuses sign-in and refresh by name, and is kept for an audit; enable takes it back',
    async () => {
      const email = anEmail()
      const body = { email, password, name: 'Ada', tokenDelivery: 'body' }
      const { accessToken, refreshToken } = (await rest('POST', `${url}/v1/auth/register`, { body })).body
      const socket = await ProtocolSocket.open(url, String(accessToken))
      const signIn = () => rest('POST', `${url}/v1/auth/login`, { body: { email, password, tokenDelivery: 'body' } })
      const disabled = await parley('user', 'disable', email, '--reason', 'ticket 4711')
      expect(disabled).toMatchObject({ code: 0, stdout: expect.stringContaining('disabled 20') })
      expect((await socket.waitForClose(waitMs)).code).toBe(4401)
      await eventually(async () =>
        expect((await rest('GET', `${url}/v1/auth/me`, { token: String(accessToken) })).status).toBe(401),
      )
      expect(await signIn()).toMatchObject({ status: 401, body: { code: 'account-disabled' } })
      const refresh = await rest('POST', `${url}/v1/auth/refresh`, { body: { refreshToken, tokenDelivery: 'body' } })
      expect(refresh).toMatchObject({ status: 401, body: { code: 'account-disabled' } })
      expect((await parley('user', 'enable', email)).code).toBe(0)
      expect((await signIn()).status).toBe(200)
      const audit = JSON.parse((await parley('user', 'audit', email, '--json')).stdout) as object[]
      expect(audit).toMatchObject([
        { action: 'disable', reason: 'ticket 4711' },
        { action: 'enable', reason: null },
      ])
    },
    waitMs,
  )
})
