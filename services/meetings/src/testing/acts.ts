import { meetingsBus, type JoinTokenInfo, type Meeting } from '@parley/contracts'
import { request } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { expect } from 'vitest'
import type { TestUser, Product } from './product.ts'

type MadeToken = JoinTokenInfo & { joinToken: string }

/** The acts of people around a meeting, with their results: an admission, or the code of a problem. */
export const createActs = (product: Product) => {
  const { call, bus } = product
  const codeOf = (error: unknown): string => (error as { code: string }).code
  const acts = {
    change: async (as: TestUser, { id }: Meeting, body: object): Promise<void> =>
      expect((await call('PATCH', `/v1/meetings/${id}`, { as, body })).status).toBe(200),
    setRole: async (as: TestUser, { id }: Meeting, whom: TestUser, role: string): Promise<void> => {
      const path = `/v1/meetings/${id}/participants/${whom.id}/role`
      expect((await call('PUT', path, { as, body: { role } })).status).toBe(200)
    },
    tokenFor: async (as: TestUser, { code }: Meeting, more: object = {}): Promise<string> =>
      (await product.joinByCode(as, code, more)).body.roomToken,
    renewed: async (as: TestUser, { id }: Meeting) =>
      (await call<{ roomToken: string }>('POST', `/v1/meetings/${id}/room-token`, { as, body: {} })).body,
    outcome: (as: TestUser, roomToken: string): Promise<string> =>
      request(bus, meetingsBus.redeem, { roomToken, userId: as.id }).then(({ admission }) => admission, codeOf),
    access: (as: TestUser, { id }: Meeting): Promise<string> =>
      request(bus, meetingsBus.access, { meetingId: id, userId: as.id }).then(({ role }) => role, codeOf),
    /** Says that they came in, and waits until meetings has written that down. */
    written: async (as: TestUser, meeting: Meeting, role: 'participant' | 'cohost' = 'participant'): Promise<void> => {
      await product.fact('joined', meeting, as, { role })
      await eventually(async () => {
        const stays = product.db.selectFrom('attendance').select('id').where('meeting_id', '=', meeting.id)
        expect(await stays.where('user_id', '=', as.id).execute()).toHaveLength(1)
      })
    },
    inside: async (as: TestUser, meeting: Meeting): Promise<void> => {
      await product.comeIn(as, meeting)
      await acts.written(as, meeting)
    },
    makeToken: async (as: TestUser, { id }: Meeting, body: object = {}): Promise<MadeToken> =>
      (await call<MadeToken>('POST', `/v1/meetings/${id}/tokens`, { as, body: { uses: 10, ...body } })).body,
    listTokens: async (as: TestUser, { id }: Meeting): Promise<JoinTokenInfo[]> =>
      (await call<{ items: JoinTokenInfo[] }>('GET', `/v1/meetings/${id}/tokens`, { as })).body.items,
    withToken: (as: TestUser, { joinToken }: MadeToken) =>
      call<{ roomToken: string }>('POST', '/v1/meetings/join', { as, body: { joinToken } }),
  }
  return acts
}
