import { janusSettings, startJanus, type RunningJanus } from '@parley/kit/testing'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { anAccount, createMeeting } from '../support/accounts.ts'
import { startEmbedded, type Embedded } from '../support/product.ts'
import { hears, joinCall, silent } from '../support/sfu.ts'

let janus: RunningJanus
let product: Embedded
beforeAll(async () => {
  janus = await startJanus()
  for (const [name, value] of Object.entries(janusSettings([janus]))) vi.stubEnv(name, value)
  product = await startEmbedded()
}, 90_000)
afterAll(async () => {
  vi.unstubAllEnvs()
  await product?.stop()
  await janus?.stop()
})

it('V1 V2 R4 a call on the embedded product: heard, muted, ended, and its room goes with it', async () => {
  const url = product.gateways[0] ?? ''
  const owner = await anAccount(url, 'Ada')
  const meeting = await createMeeting(url, owner, { settings: { topology: 'sfu', waitingRoom: false } })
  const ada = await joinCall(url, owner, meeting)
  const ben = await joinCall(url, await anAccount(url, 'Ben'), meeting)
  await Promise.all([hears(ada, ben), hears(ben, ada, 'cam')])
  await ada.socket.ask('moderation.mute', { participantId: ben.id, kind: 'mic' })
  await silent(ada, ben)
  expect(await ada.socket.outcome('meeting.end')).toBe('ack')
  await silent(ben, ada, 'cam')
  await expect.poll(() => ben.peer.client.closed?.code).toBe(4410)
  await Promise.all([ada.peer.close(), ben.peer.close()])
}, 60_000)
