import { meetingsBus, signalingBus, type AdmissionGrant, type LobbyDecision, type LobbyEntry } from '@parley/contracts'
import { request, subscribe } from '@parley/kit'
import type { Answered } from './call.ts'
import type { TestUser, Product } from './product.ts'
import type { TestWorld } from './world.ts'

interface At {
  id: string
  code: string
}

/** How people come to a meeting and are let in, as the page and signaling do it. */
export const createLobby = (product: Product) => {
  const { bus } = product
  const post = <T = { count: number }>(
    as: TestUser,
    { id }: At,
    path: string,
    body: object = {},
  ): Promise<Answered<T>> => product.call<T>('POST', `/v1/meetings/${id}/${path}`, { as, body })
  const redeem = (as: TestUser, roomToken: string): Promise<AdmissionGrant> =>
    request(bus, meetingsBus.redeem, { roomToken, userId: as.id })
  return {
    post,
    redeem,
    /** With a fresh room token, by code. */
    come: async (as: TestUser, meeting: At): Promise<AdmissionGrant> =>
      redeem(as, (await product.joinByCode(as, meeting.code)).body.roomToken),
    /** The questions of a signaling node. */
    state: ({ id }: At, ...present: string[]) => request(bus, meetingsBus.lobby, { meetingId: id, present }),
    decided: async ({ id }: At, participantId: string): Promise<LobbyDecision | undefined> =>
      (await request(bus, meetingsBus.lobby, { meetingId: id, present: [participantId] })).decided[0],
    queue: async (as: TestUser, { id }: At) =>
      (await product.call<{ items: LobbyEntry[]; lv: number }>('GET', `/v1/meetings/${id}/lobby`, { as })).body,
  }
}

/** The versions of a meeting's lobby that its room has been told. */
export async function hearLobby({ bus, log }: TestWorld, meetingId: string): Promise<number[]> {
  const heard: number[] = []
  const subscription = subscribe(bus, signalingBus.roomLobby, { meetingId }, ({ lv }) => void heard.push(lv), log)
  await subscription.ready()
  return heard
}
