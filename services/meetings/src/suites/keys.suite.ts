import {
  invitesOperations,
  lobbyOperations,
  meetingsOperations,
  moderationOperations,
  type Invite,
  type JoinDetails,
  type Meeting,
} from '@parley/contracts'
import { newId } from '@parley/kit'
import { answered } from '@parley/kit/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAccounts } from '../testing/accounts.ts'
import { createCall, type Call } from '../testing/call.ts'
import { createLobby } from '../testing/lobby.ts'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

const operations = { ...meetingsOperations, ...moderationOperations, ...lobbyOperations, ...invitesOperations }
type Operations = typeof operations
type Keyed = { [N in keyof Operations]: Operations[N] extends { repeat: 'key' } ? N : never }[keyof Operations]

/** A request that makes something, with all that has to be there before. */
interface Order {
  as: TestUser
  path: string
  body?: object
}

const waitingRoom = { settings: { waitingRoom: true } }
/** The rows that an effect may leave behind, besides commands to rooms. */
const tables = [
  'meetings',
  'room_tokens',
  'join_tokens',
  'join_token_uses',
  'members',
  'lobby_entries',
  'invites',
  'user_events',
] as const

export const keysSuite = (open: OpenWorld) =>
  describe('Idempotency-Key', () => {
    let world: TestWorld
    let product: Product
    let accounts: Awaited<ReturnType<typeof createAccounts>>
    let lobby: ReturnType<typeof createLobby>
    let calls: [Call, Call]
    beforeAll(async () => {
      world = await open()
      accounts = await createAccounts(world)
      product = await startProduct(world)
      calls = [product.call, createCall((await product.start()).url)]
    })
    beforeEach(() => {
      lobby = createLobby(product)
    })
    afterAll(async () => {
      accounts.lose()
      await product.stop()
      await world.close()
    })
    const user = (name: string): TestUser => {
      const user = product.user(name)
      accounts.of(user)
      return user
    }
    const post = (call: Call, { as, path, body = {} }: Order, key = newId()) =>
      call('POST', path, { as, body, headers: { 'idempotency-key': key } })

    const meetingOf = async (body: object = {}) => {
      const host = user('Host')
      const meeting = await product.create(host, body)
      return { host, meeting, at: `/v1/meetings/${meeting.id}` }
    }
    /** A meeting that somebody is in, or waits for. */
    const withAnn = async (body: object = {}) => {
      const made = await meetingOf(body)
      const ann = user('Ann')
      return { ...made, ann, ...(await lobby.come(ann, made.meeting)) }
    }
    const invitedAnn = async (): Promise<Order> => {
      const { host, at } = await meetingOf()
      const ann = user('Ann')
      const { body } = await product.call<Invite>('POST', `${at}/invites`, { as: host, body: { userId: ann.id } })
      return { as: ann, path: `/v1/invites/${body.id}` }
    }
    const orders: Record<Keyed, () => Promise<Order>> = {
      createMeeting: async () => ({ as: user('Host'), path: '/v1/meetings', body: { title: 'Once' } }),
      join: async () => ({
        as: user('Ann'),
        path: '/v1/meetings/join',
        body: { code: (await meetingOf(waitingRoom)).meeting.code },
      }),
      roomToken: async () => {
        const { host, at } = await meetingOf()
        return { as: host, path: `${at}/room-token` }
      },
      cancelMeeting: async () => {
        const { host, at } = await meetingOf()
        return { as: host, path: `${at}/cancel` }
      },
      endMeeting: async () => {
        const { host, at } = await meetingOf()
        return { as: host, path: `${at}/end` }
      },
      createJoinToken: async () => {
        const { host, at } = await meetingOf()
        return { as: host, path: `${at}/tokens`, body: { uses: 3 } }
      },
      leave: async () => {
        const { ann, at } = await withAnn(waitingRoom)
        return { as: ann, path: `${at}/leave` }
      },
      kick: async () => {
        const { host, ann, at } = await withAnn()
        return { as: host, path: `${at}/kick`, body: { userId: ann.id } }
      },
      handOver: async () => {
        const { host, ann, at } = await withAnn()
        return { as: host, path: `${at}/host`, body: { userId: ann.id } }
      },
      admit: async () => {
        const { host, at, participantId } = await withAnn(waitingRoom)
        return { as: host, path: `${at}/lobby/admit`, body: { participantId } }
      },
      reject: async () => {
        const { host, at, participantId } = await withAnn(waitingRoom)
        return { as: host, path: `${at}/lobby/reject`, body: { participantId } }
      },
      admitAll: async () => {
        const { host, at } = await withAnn(waitingRoom)
        return { as: host, path: `${at}/lobby/admit-all` }
      },
      createInvite: async () => {
        const { host, at } = await meetingOf()
        return { as: host, path: `${at}/invites`, body: { userId: user('Ann').id } }
      },
      acceptInvite: async () => {
        const { as, path } = await invitedAnn()
        return { as, path: `${path}/accept` }
      },
      declineInvite: async () => {
        const { as, path } = await invitedAnn()
        return { as, path: `${path}/decline` }
      },
    }
    const names = Object.keys(orders) as Keyed[]

    /** Rows of each kind, and the number of the last command to a room. */
    const counts = async (): Promise<Record<string, number>> => {
      const rows = tables.map(async (table) => {
        const found = await sql<{
          n: number
        }>`select count(*)::int as n from ${sql.table(`meetings.${table}`)}`.execute(product.db)
        return [table, found.rows[0]?.n ?? 0] as const
      })
      const last = await sql<{ n: number }>`select last_value::int as n from meetings.outbox_seq_seq`.execute(
        product.db,
      )
      return { ...Object.fromEntries(await Promise.all(rows)), commands: last.rows[0]?.n ?? 0 }
    }
    /** All that a repeat could change. */
    const contents = async (): Promise<unknown> => {
      const rows = tables.map((table) =>
        sql<{
          row: string
        }>`select to_jsonb(t)::text as row from ${sql.table(`meetings.${table}`)} t order by 1`.execute(product.db),
      )
      return [await counts(), (await Promise.all(rows)).map((found) => found.rows)]
    }
    /** The surplus rows. */
    const made = async (work: () => Promise<void>): Promise<Record<string, number>> => {
      const before = await counts()
      await work()
      return Object.fromEntries(Object.entries(await counts()).map(([what, n]) => [what, n - (before[what] ?? 0)]))
    }

    it('X9d every operation that honours a key is walked here', () => {
      const keyed = Object.entries(operations).flatMap(([name, { method, ...rest }]) =>
        method !== 'GET' && 'repeat' in rest && rest.repeat === 'key' ? [name] : [],
      )
      expect([...names].sort()).toEqual(keyed.sort())
    })

    it.each(names)('X9d X33 %s: another instance gives the lost answer again and makes nothing', async (name) => {
      const order = await orders[name]()
      const key = newId()
      const before = await contents()
      const first = await post(calls[0], order, key)
      expect(first.status).toBeLessThan(300)
      const after = await contents()
      expect(after).not.toEqual(before)
      const again = await post(calls[1], order, key)
      expect([again.status, again.body, again.etag]).toEqual([first.status, first.body, first.etag])
      expect(await contents()).toEqual(after)
      const other = await post(calls[1], { as: order.as, path: '/v1/meetings', body: { title: 'Another' } }, key)
      expect([other.status, other.body.code]).toEqual([409, 'idempotency-conflict'])
    })

    it.each(names)('X9d X33 %s: 20 parallel requests with one key make as much as one', async (name) => {
      const single = await orders[name]()
      const one = await made(async () => void (await post(calls[0], single)))
      const order = await orders[name]()
      const key = newId()
      const bodies = new Set<string>()
      const all = await made(async () => {
        const sent = Array.from({ length: 20 }, (_, at) =>
          answered(() => post(calls[at % 2 === 0 ? 0 : 1], order, key)),
        )
        for (const { status, body } of await Promise.all(sent)) bodies.add(JSON.stringify([status, body]))
      })
      expect(bodies.size).toBe(1)
      expect(all).toEqual(one)
    })

    it('X33 join tokens of 60 keys, each asked for twice over two instances, are 60', async () => {
      const { host, at } = await meetingOf()
      const keys = Array.from({ length: 60 }, () => newId())
      const order = { as: host, path: `${at}/tokens` }
      const sent = [...keys, ...keys].map((key, index) =>
        answered(() => post(calls[index % 2 === 0 ? 0 : 1], order, key)),
      )
      const tokens = (await Promise.all(sent)).map(({ body }) => (body as { joinToken: string }).joinToken)
      expect(new Set(tokens).size).toBe(60)
      expect(
        await product.db.selectFrom('join_tokens').select('id').where('meeting_id', '=', at.slice(13)).execute(),
      ).toHaveLength(60)
    })

    it('X9d a join by the last use of a join token is answered again, and past passcode and lobby', async () => {
      const { host, meeting, at } = await meetingOf({ type: 'invited_only', passcode: 'secret' })
      const { body } = await product.call<{ joinToken: string }>('POST', `${at}/tokens`, { as: host, body: {} })
      const order = { as: user('Ann'), path: '/v1/meetings/join', body: { joinToken: body.joinToken } }
      const [first, again] = [await post(calls[0], order, 'the-last-use'), await post(calls[1], order, 'the-last-use')]
      expect(again.body).toEqual(first.body)
      const grant = await lobby.redeem(order.as, (again.body as JoinDetails).roomToken)
      expect(grant.meeting).toMatchObject({ id: (meeting as Meeting).id })
    })

    it('X9d a refusal is not kept: the key still works for a correct request', async () => {
      const { meeting } = await meetingOf({ passcode: 'right-4711' })
      const order = { as: user('Ann'), path: '/v1/meetings/join' }
      const wrong = await post(calls[0], { ...order, body: { code: meeting.code, passcode: 'wrong' } }, 'my-key')
      expect(wrong.status).toBe(403)
      const right = await post(calls[1], { ...order, body: { code: meeting.code, passcode: 'right-4711' } }, 'my-key')
      expect(right.status).toBe(200)
    })

    it('S9 no token of a kept answer, and no key, is in the database', async () => {
      const { host, meeting, at } = await meetingOf()
      const key = 'a-key-that-is-a-secret'
      const { body: token } = await post(calls[0], { as: host, path: `${at}/tokens` }, key)
      const { body: joining } = await post(
        calls[0],
        { as: user('Ann'), path: '/v1/meetings/join', body: { code: meeting.code } },
        key,
      )
      const kept = JSON.stringify(await product.db.selectFrom('kept_answers').selectAll().execute())
      expect(kept).toContain(host.id)
      for (const secret of [key, (token as { joinToken: string }).joinToken, (joining as JoinDetails).roomToken])
        expect(kept).not.toContain(secret)
    })

    it('X9d a key that is no key is refused with its path', async () => {
      for (const key of ['k'.repeat(256), 'two words']) {
        const { status, body } = await post(calls[0], { as: user('Ann'), path: '/v1/meetings' }, key)
        expect([status, body.errors?.[0]?.path]).toEqual([400, 'headers.idempotency-key'])
      }
    })
  })
