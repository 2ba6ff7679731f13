import { JanusClient, SfuPeer } from '@parley/bench/janus'
import type { Meeting, Sfu } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAccount, callOrThrow, createMeeting } from '../support/accounts.ts'
import { receivedMedia, startBrowser } from '../support/browser.ts'
import { janusPage } from '../support/janus-page.ts'
import { parleyCli } from '../support/cli.ts'
import { rest } from '../support/people.ts'
import { startStack, type Product, type StackFile } from '../support/product.ts'
import { takeSeat } from '../support/protocol-socket.ts'
import { publishersAt } from '../support/janus-admin.ts'
import { hears, janusToken, joinCall, sfuOf, silent, type InCall } from '../support/sfu.ts'

const adminSecret = 'an-admin-secret-of-this-test'
let product: Product & { file: StackFile }
let url: string
const env = { ADMIN_TOKEN: 'a token that only operators have' }
beforeAll(async () => {
  const args = ['--gateway', '2', '--signaling', '2', '--media', '2', '--janus', '2']
  const settings = ['media:SFU_TOKEN_SECONDS=20', 'media:LOG_LEVEL=debug', 'media:SFU_MEETING_KBPS=1200']
  product = await startStack([...args, ...settings.flatMap((setting) => ['--set', setting])], {
    ...env,
    JANUS_ADMIN_SECRET: adminSecret,
  })
  url = product.gateways[0] ?? ''
}, 120_000)
afterAll(() => product?.stop())

const aCall = async (more: object = {}): Promise<{ host: InCall; meeting: Meeting }> => {
  const owner = await anAccount(url, 'Ada')
  const meeting = await createMeeting(url, owner, { settings: { topology: 'sfu', waitingRoom: false, ...more } })
  return { host: await joinCall(url, owner, meeting), meeting }
}
const joins = async (name: string, meeting: Meeting, gateway = url): Promise<InCall> =>
  joinCall(gateway, await anAccount(url, name), meeting)

describe('a meeting in the SFU', () => {
  let host: InCall
  let ben: InCall
  let cleo: InCall
  let meeting: Meeting
  beforeAll(async () => {
    ;({ host, meeting } = await aCall())
    ben = await joins('Ben', meeting, product.gateways[1])
    cleo = await joins('Cleo', meeting)
  }, 60_000)
  afterAll(() => Promise.all([host, ben, cleo].map((one) => one?.peer.close())))

  it('V1 V2 everybody receives everybody, through the gateways only', async () => {
    for (const [to, from] of [
      [host, ben],
      [ben, host],
      [cleo, ben],
      [host, cleo],
    ] as const) {
      await hears(to, from, 'mic')
      await hears(to, from, 'cam')
    }
    expect(host.sfu.url).toMatch(new RegExp(`^${url.replace('http', 'ws')}/v1/janus/`))
    expect(host.sfu.feed).toBe(host.id)
  })

  it('R4 V2 the host mutes: the packets of that audio stop for all, the picture goes on; then it comes back', async () => {
    await host.socket.ask('moderation.mute', { participantId: ben.id, kind: 'mic' })
    await Promise.all([silent(host, ben), silent(cleo, ben)])
    expect(await cleo.peer.countFor(400, ben.id, 'cam')).toBeGreaterThan(3)
    await ben.socket.ask('media.update', { mic: true })
    await eventually(async () => expect(await cleo.peer.countFor(200, ben.id, 'mic')).toBeGreaterThan(3))
  })

  it('R4 V2 media that a participant switched off are not forwarded, whatever the client sends', async () => {
    await cleo.socket.ask('media.update', { mic: false })
    await silent(ben, cleo)
    await cleo.socket.ask('media.update', { mic: true })
    await eventually(async () => expect(await ben.peer.countFor(200, cleo.id, 'mic')).toBeGreaterThan(3))
  })

  it('R4 V2 cameras are switched off for the meeting: their packets stop, those of the host go on', async () => {
    await callOrThrow(host.who, 'PATCH', `${url}/v1/meetings/${meeting.id}`, { settings: { video: false } })
    await Promise.all([silent(host, ben, 'cam'), silent(ben, cleo, 'cam')])
    expect(await ben.peer.countFor(400, host.id, 'cam')).toBeGreaterThan(3)
    expect(await ben.peer.countFor(400, cleo.id, 'mic')).toBeGreaterThan(3)
    await callOrThrow(host.who, 'PATCH', `${url}/v1/meetings/${meeting.id}`, { settings: { video: true } })
    await eventually(async () => expect(await ben.socket.outcome('media.update', { cam: true })).toBe('ack'))
    await eventually(async () => expect(await host.peer.countFor(200, ben.id, 'cam')).toBeGreaterThan(3))
  })

  it('V2 tokens are renewed before they end, and Janus refuses those that have ended', async () => {
    const first = ben.sfu.token
    const renewed = (await ben.socket.waitFor('sfu.changed', undefined, 20_000)).payload['sfu'] as Sfu
    expect(renewed).toMatchObject({ url: ben.sfu.url, room: ben.sfu.room, feed: ben.id })
    expect(Date.parse(renewed.expiresAt)).toBeGreaterThan(Date.parse(ben.sfu.expiresAt))
    await eventually(() => expect(Date.now()).toBeGreaterThan(Date.parse(ben.sfu.expiresAt) + 1_100), 20_000)
    await expect(ben.peer.client.request({ janus: 'keepalive', token: first })).rejects.toThrow(/Janus 403/)
    await ben.peer.client.request({ janus: 'keepalive' })
  }, 40_000)

  it('R4 S37 anyone who is removed: the media end for all, at once, and do not come back with the old tokens', async () => {
    const fresh = await janusToken(url, cleo.who, meeting.id)
    await Promise.all([hears(host, cleo), hears(cleo, host)])
    await host.socket.ask('moderation.remove', { participantId: cleo.id })
    await Promise.all([silent(host, cleo), silent(ben, cleo, 'cam')])
    await eventually(() => expect(cleo.peer.client.closed?.code).toBe(4403))
    // Neither do they receive anything.
    await silent(cleo, host)
    await expect(SfuPeer.connect(fresh, cleo.who.token)).rejects.toThrow('refused: 403')
    expect((await rest('GET', `${url}/v1/meetings/${meeting.id}/janus-token`, { token: cleo.who.token })).status).toBe(
      403,
    )
  })
})

describe('what a Janus carries', () => {
  it('V1 SFU-19 SFU-20 publishers share the bandwidth of their meeting; streams, bitrate and CPU are told', async () => {
    const { host, meeting } = await aCall()
    const ben = await joins('Ben', meeting, product.gateways[1])
    const cleo = await joins('Cleo', meeting)
    const janus = product.file.janus?.find(({ id }) => new URL(host.sfu.url).pathname.endsWith(`/${id}`))
    if (janus === undefined) throw new Error('the meeting is at a Janus')
    const bitrates = async (...people: InCall[]) => {
      const all = await publishersAt(janus.adminUrl, adminSecret)
      return people.map(({ id }) => all.get(id))
    }
    const share = (expected: number, ...people: InCall[]) =>
      eventually(async () => expect(await bitrates(...people)).toEqual(people.map(() => expected)), 15_000)
    await share(400_000, host, ben, cleo)

    await eventually(async () => {
      const { stdout } = await parleyCli(['nodes', '--json', '--url', url], env)
      const all = JSON.parse(stdout) as { kind: string; id: string; load: Record<string, number> }[]
      const { load = {} } = all.find(({ kind, id }) => kind === 'janus' && id === janus.id) ?? {}
      const { streams = 0, kbps = 0, cpuPercent = 0 } = load
      // Three send two media each, and receive those of two others.
      expect(load).toMatchObject({ healthy: 1, publishers: 3 })
      expect([streams >= 18, kbps > 300, cpuPercent > 0]).toEqual([true, true, true])
    }, 30_000)
    const metrics = await Promise.all(product.file.media.map(async (one) => (await fetch(`${one.url}/metrics`)).text()))
    for (const name of ['streams', 'bytes_per_second', 'cpu_cores', 'sessions', 'publishers'])
      expect(
        metrics.join().match(new RegExp(`^parley_media_janus_${name}{.*janus="${janus.id}".*} [0-9.]*[1-9]`, 'gm')),
      ).toHaveLength(1)

    await cleo.socket.ask('media.update', { cam: false })
    await share(600_000, host, ben)
    // Nobody gets more by asking for it.
    await ben.peer.configure({ bitrate: 10_000_000 })
    expect(await bitrates(ben)).toEqual([600_000])
    // A publisher that has lost its socket goes on at another gateway, and publishes nothing anew.
    ben.peer.client.drop()
    const elsewhere = ben.sfu.url.replace(url.replace('http', 'ws'), String(product.gateways[1]).replace('http', 'ws'))
    expect(elsewhere).not.toBe(ben.sfu.url)
    const again = await JanusClient.open({ ...ben.sfu, url: elsewhere }, ben.who.token)
    await again.claim(ben.peer.session)
    await cleo.socket.ask('media.update', { cam: true })
    await share(400_000, host, ben, cleo)
    again.drop()
    await Promise.all([host, cleo].map(({ peer }) => peer.close()))
  }, 120_000)
})

describe('access to Janus', () => {
  it('S37 no token 401, somebody else 403, the lobby 403, a mesh 409', async () => {
    const { host, meeting } = await aCall({ waitingRoom: true })
    const [stranger, mesh] = await Promise.all([
      anAccount(url, 'Mallory'),
      createMeeting(url, host.who, { settings: { topology: 'mesh', waitingRoom: false } }),
    ])
    const waiting = await takeSeat(url, stranger, meeting)
    expect(waiting.entered['position']).toBe(1)
    const tokenOf = (id: string, token?: string) =>
      rest('GET', `${url}/v1/meetings/${id}/janus-token`, token === undefined ? {} : { token })
    expect((await tokenOf(meeting.id)).status).toBe(401)
    expect((await tokenOf(meeting.id, stranger.token)).status).toBe(403)
    await takeSeat(url, host.who, mesh)
    expect((await tokenOf(mesh.id, host.who.token)).body).toMatchObject({ status: 409, code: 'not-sfu' })

    await expect(JanusClient.open(host.sfu, null)).rejects.toThrow('refused: 401')
    await expect(JanusClient.open(host.sfu, `${host.who.token}x`)).rejects.toThrow('refused: 401')
    await expect(JanusClient.open(host.sfu, stranger.token)).rejects.toThrow('refused: 403')
    await host.peer.close()
  })

  it('S37 the tokens of one room open no other, nobody publishes as somebody else, and nothing is told of the inside', async () => {
    const [one, other] = await Promise.all([aCall(), aCall()])
    const { sfu, peer } = one.host
    const handle = await peer.client.attach()
    const join = (more: object) =>
      peer.client.message(handle, {
        request: 'join',
        ptype: 'publisher',
        room: sfu.room,
        id: sfu.feed,
        token: sfu.roomToken,
        ...more,
      })
    await expect(join({ room: other.host.sfu.room })).rejects.toThrow(/Janus 403/)
    await expect(join({ id: other.host.id })).rejects.toThrow(/Janus 403/)
    await expect(join({ token: other.host.sfu.roomToken })).rejects.toThrow(/Janus 43/)
    for (const request of ['create', 'destroy', 'edit', 'kick', 'moderate', 'list', 'rtp_forward', 'enable_recording'])
      await expect(peer.client.message(handle, { request, room: sfu.room })).rejects.toThrow(/Janus 403/)
    await expect(peer.client.request({ janus: 'info' })).rejects.toThrow(/Janus 45/)
    await expect(peer.client.request({ janus: 'attach', plugin: 'janus.plugin.echotest' })).rejects.toThrow(/Janus 460/)
    await expect(peer.client.request({ janus: 'keepalive', session_id: other.host.peer.session })).rejects.toThrow(
      /458/,
    )
    await Promise.all([one.host.peer.close(), other.host.peer.close()])
  })
})

describe('a meeting that outgrows its mesh', () => {
  it('V1 with the fifth participant everybody switches to the SFU, and nobody has to rejoin', async () => {
    const owner = await anAccount(url, 'Ada')
    const meeting = await createMeeting(url, owner, { settings: { topology: 'auto', waitingRoom: false } })
    const four = [await takeSeat(url, owner, meeting)]
    for (const name of ['Ben', 'Cleo', 'Dan']) four.push(await takeSeat(url, await anAccount(url, name), meeting))
    expect(four.map(sfuOf)).toEqual([undefined, undefined, undefined, undefined])
    const fifth = await joins('Eve', meeting)
    const told = await Promise.all(four.map(({ socket }) => socket.waitFor('sfu.changed')))
    expect(told.map(({ payload }) => (payload['sfu'] as Sfu).room)).toEqual(four.map(() => fifth.sfu.room))
    await fifth.peer.close()
  })
})

describe('a foreign client', () => {
  it('V2 O1 janus.js in a page, with nothing but the janus-token, publishes and receives through the gateway', async () => {
    const owner = await anAccount(url, 'Ada')
    const guest = await anAccount(url, 'Ben')
    const meeting = await createMeeting(url, owner, { settings: { topology: 'sfu', waitingRoom: false } })
    await takeSeat(url, owner, meeting)
    await takeSeat(url, guest, meeting)
    const browser = await startBrowser()
    try {
      const pages = [
        await janusPage(browser, url, await janusToken(url, owner, meeting.id), owner.token),
        await janusPage(browser, url, await janusToken(url, guest, meeting.id), guest.token),
      ]
      for (const page of pages)
        await eventually(async () => {
          const { framesDecoded, audioPackets } = await receivedMedia(page)
          expect(framesDecoded).toBeGreaterThan(5)
          expect(audioPackets).toBeGreaterThan(20)
        }, 15_000)
    } finally {
      await browser.close()
    }
  }, 60_000)
})

describe('an operator and a Janus', () => {
  it('O25 SFU-7 drains it: its rooms move to the other one, and undrained it takes rooms again', async () => {
    const { host, meeting } = await aCall()
    const at = /janus-\d/.exec(host.sfu.url)?.[0] ?? ''
    const parley = (...args: string[]) => parleyCli([...args, '--url', url], env)
    expect(await parley('drain', `janus/${at}`)).toMatchObject({ code: 0, stdout: expect.stringContaining('rooms 0') })
    const moved = await host.socket.waitFor('sfu.changed', ({ sfu }) => !(sfu as Sfu).url.includes(at), 20_000)
    expect((moved.payload['sfu'] as Sfu).url).toMatch(/janus-\d/)
    await host.peer.close()
    expect((await parley('undrain', `janus/${at}`)).code).toBe(0)
    await callOrThrow(host.who, 'POST', `${url}/v1/meetings/${meeting.id}/end`)
    const others = await Promise.all([1, 2, 3, 4].map(() => aCall()))
    expect(others.map(({ host: one }) => /janus-\d/.exec(one.sfu.url)?.[0])).toContain(at)
    await Promise.all(others.map(({ host: one }) => one.peer.close()))
  }, 90_000)
})
