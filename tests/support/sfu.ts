import { SfuPeer, type PeerOptions } from '@parley/bench/janus'
import type { Sfu } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { callOrThrow, type Account } from './accounts.ts'
import { takeSeat, type Seated } from './protocol-socket.ts'

/** Somebody in a meeting, and how they reach its SFU. */
export interface InCall extends Seated {
  sfu: Sfu
  peer: SfuPeer
}

export const sfuOf = ({ entered }: Seated): Sfu | undefined => entered['sfu'] as Sfu | undefined

export const janusToken = (url: string, who: Account, meetingId: string): Promise<Sfu> =>
  callOrThrow<Sfu>(who, 'GET', `${url}/v1/meetings/${meetingId}/janus-token`)

/** Takes a seat in a meeting of topology `sfu`, and publishes a microphone and a camera. */
export async function joinCall(
  gateway: string,
  who: Account,
  meeting: { code: string },
  { hint, ...options }: PeerOptions & { hint?: string } = {},
): Promise<InCall> {
  const seated = await takeSeat(gateway, who, meeting, hint)
  const sfu = sfuOf(seated)
  if (sfu === undefined) throw new Error(`${who.name} was told of no SFU`)
  const peer = await SfuPeer.connect(sfu, who.token, options)
  seated.socket.on('sfu.changed', ({ sfu: changed }) => peer.renew(changed as Sfu))
  await peer.publish()
  return { ...seated, sfu, peer }
}

/** Resolves once `to` receives a medium of `from`; then packets are coming. */
export const hears = (to: InCall, from: InCall, kind: 'mic' | 'cam' = 'mic'): Promise<void> =>
  eventually(() => {
    if (to.peer.from(from.id, kind).packets < 3) throw new Error(`${to.who.name} has no ${kind} of ${from.who.name}`)
  }, 15_000)

/** Resolves once no packet has arrived for a while. */
export async function silent(to: InCall, from: InCall, kind: 'mic' | 'cam' = 'mic'): Promise<void> {
  await eventually(async () => {
    const packets = await to.peer.countFor(300, from.id, kind)
    if (packets > 0) throw new Error(`${packets} packets of ${kind} still come from ${from.who.name}`)
  }, 5_000)
}
