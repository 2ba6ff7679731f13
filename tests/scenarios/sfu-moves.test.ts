import { JanusClient, SfuPeer } from '@parley/bench/janus'
import type { Meeting, Sfu } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAccount, createMeeting } from '../support/accounts.ts'
import { rest } from '../support/people.ts'
import { startStack, type Product, type StackFile } from '../support/product.ts'
import { takeSeat, type Seated } from '../support/protocol-socket.ts'
import { hears, joinCall, sfuOf, type InCall } from '../support/sfu.ts'

let product: Product & { file: StackFile; present(): Promise<StackFile> }
let url: string
beforeAll(async () => {
  product = await startStack(['--gateway', '1', '--signaling', '2', '--media', '2', '--janus', '1', '--respawn'])
  url = product.gateways[0] ?? ''
}, 120_000)
afterAll(() => product?.stop())

const aMeeting = async () => {
  const owner = await anAccount(url, 'Ada')
  return { owner, meeting: await createMeeting(url, owner, { settings: { topology: 'sfu', waitingRoom: false } }) }
}
/** Connects and publishes where `sfu.changed` says. */
async function moveOver(one: InCall, sfu: Sfu): Promise<InCall> {
  await one.peer.close()
  const peer = await SfuPeer.connect(sfu, one.who.token)
  await peer.publish()
  return { ...one, sfu, peer }
}
const toldAfter = async ({ socket }: Seated, before: Sfu): Promise<Sfu> =>
  (await socket.waitFor('sfu.changed', ({ sfu }) => (sfu as Sfu).room !== before.room, 20_000)).payload['sfu'] as Sfu

describe('a client that comes back', () => {
  it('V2 T19 claims its session after its socket was lost, and the media went on; or begins a new one at once', async () => {
    const { owner, meeting } = await aMeeting()
    const ada = await joinCall(url, owner, meeting)
    const ben = await joinCall(url, await anAccount(url, 'Ben'), meeting)
    await hears(ada, ben)
    ben.peer.client.drop()
    expect(await ada.peer.countFor(500, ben.id, 'mic')).toBeGreaterThan(10)
    const again = await JanusClient.open(ben.sfu, ben.who.token)
    await again.claim(ben.peer.session)
    await again.request({ janus: 'keepalive' })
    again.drop()
    const anew = await moveOver(ben, ben.sfu)
    await hears(anew, ada)
    await eventually(async () => expect(await ada.peer.countFor(300, ben.id, 'mic')).toBeGreaterThan(5), 10_000)
    await Promise.all([ada.peer.close(), anew.peer.close()])
  }, 60_000)
})

describe('Janus and the media service go and come back', () => {
  it('T18 a Janus that restarts empty has its rooms made again, people are told, and the call goes on', async () => {
    const { owner, meeting } = await aMeeting()
    let ada = await joinCall(url, owner, meeting)
    let ben = await joinCall(url, await anAccount(url, 'Ben'), meeting)
    await hears(ada, ben)
    const [janus] = product.file.janus ?? []
    process.kill(janus?.pid ?? 0, 'SIGKILL')
    const told = await Promise.all([toldAfter(ada, ada.sfu), toldAfter(ben, ben.sfu)])
    expect(told[0]?.room).toBe(told[1]?.room)
    ada = await moveOver(ada, told[0] as Sfu)
    ben = await moveOver(ben, told[1] as Sfu)
    await Promise.all([hears(ada, ben), hears(ben, ada, 'cam')])
    // Nobody has left the roster.
    expect(ada.socket.all.filter(({ type }) => type === 'participant.left')).toEqual([])
    await Promise.all([ada.peer.close(), ben.peer.close()])
  }, 60_000)

  it('T18 V2 after the replica that holds a Janus is killed, another one mutes and removes there', async () => {
    const { owner, meeting } = await aMeeting()
    const ada = await joinCall(url, owner, meeting)
    const ben = await joinCall(url, await anAccount(url, 'Ben'), meeting)
    await hears(ada, ben)
    const { media } = await product.present()
    // Either may be the one.
    process.kill(media[0]?.pid ?? 0, 'SIGKILL')
    await ada.socket.ask('moderation.mute', { participantId: ben.id, kind: 'mic' })
    await eventually(async () => expect(await ada.peer.countFor(300, ben.id, 'mic')).toBe(0), 15_000)
    expect(await ada.peer.countFor(300, ben.id, 'cam')).toBeGreaterThan(2)
    await Promise.all([ada.peer.close(), ben.peer.close()])
  }, 60_000)

  it('V1 without a Janus a meeting of topology sfu says so, and chat and signaling go on', async () => {
    const { owner, meeting } = await aMeeting()
    const [janus] = (await product.present()).janus ?? []
    process.kill(janus?.pid ?? 0, 'SIGSTOP')
    try {
      await eventually(async () => {
        const ben = await takeSeat(url, await anAccount(url, 'Ben'), meeting as Meeting)
        expect(sfuOf(ben)).toBeUndefined()
        const answer = await rest('GET', `${url}/v1/meetings/${meeting.id}/janus-token`, { token: ben.who.token })
        expect(answer.body).toMatchObject({ status: 503, code: 'sfu-unavailable', retryable: true })
        expect(await ben.socket.outcome('chat.send', { clientMessageId: crypto.randomUUID(), text: 'hello' })).toBe(
          'chat.accepted',
        )
      }, 15_000)
      const ada = await takeSeat(url, owner, meeting)
      process.kill(janus?.pid ?? 0, 'SIGCONT')
      // Once it answers, everybody is told.
      await ada.socket.waitFor('sfu.changed', undefined, 15_000)
    } finally {
      process.kill(janus?.pid ?? 0, 'SIGCONT')
    }
  }, 60_000)
})
