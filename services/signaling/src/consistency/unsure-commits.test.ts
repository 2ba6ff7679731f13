import { setTimeout as sleep } from 'node:timers/promises'
import { signalingBus } from '@parley/contracts'
import { request } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepFacts } from '../testing/facts.ts'
import { aMeeting } from '../testing/harness.ts'
import { startLinkedNodes, type TestServers } from '../testing/linked-nodes.ts'
import { Member } from '../testing/member.ts'
import { worlds } from '../testing/worlds.ts'

const graceAndMoreMs = 25_000

describe.each(Object.entries(worlds))('a commit without an answer, %s', (_name, startWorld) => {
  let world: TestServers
  let product: Awaited<ReturnType<typeof startLinkedNodes>>
  let facts: ReturnType<typeof keepFacts>
  beforeAll(async () => {
    world = await startWorld()
    product = await startLinkedNodes(world)
    facts = keepFacts(world.kv)
  })
  afterAll(async () => {
    await facts.stop()
    await product.stop()
  })

  const threeParticipants = async () => {
    const meeting = aMeeting()
    const come = async (node: number, name: string) => {
      const joined = await product.join(node, meeting, name)
      return { ...joined, member: new Member(joined.client, joined.token, joined.joined) }
    }
    const ada = await come(0, 'Ada')
    const [ben, cleo] = [await come(0, 'Ben'), await come(1, 'Cleo')]
    await ada.client.waitFor('participant.joined', ({ participant }) => (participant as { id: string }).id === cleo.id)
    const all = [ada, ben, cleo]
    /** Waits until all see the same, and that of Ada. */
    const allSee = (mic: boolean) =>
      eventually(() => {
        const [first, ...others] = all.map(({ member }) => member.view)
        for (const other of others) expect(other).toEqual(first)
        expect(first?.participants[ada.id]).toMatchObject({ mic })
      })
    const close = () => {
      for (const { client } of all) client.close()
    }
    return { meeting, ada, allSee, close, version: () => ada.member.view.v }
  }

  it('X17 reaches everybody on every node without a further command', async () => {
    const { ada, allSee, close } = await threeParticipants()
    product.storeOf(0).letCommits('unanswered')
    expect(await ada.client.ask('media.update', { mic: false })).toMatchObject({ payload: { code: 'unavailable' } })
    product.storeOf(0).letCommits('answered')
    await allSee(false)
    close()
  })

  it('X17 cannot happen any more once the room has been read: a later commit rules it out', async () => {
    const { ada, allSee, close, version } = await threeParticipants()
    const before = version()
    product.storeOf(0).letCommits('late')
    expect(await ada.client.ask('media.update', { mic: false })).toMatchObject({ payload: { code: 'unavailable' } })
    product.storeOf(0).letCommits('answered')
    await eventually(() => expect(version()).toBeGreaterThan(before))
    const arrived = await product.storeOf(0).arrive()
    expect(arrived).toEqual(arrived.map(() => expect.objectContaining({ outcome: 'conflict' })))
    expect(arrived).not.toEqual([])
    await allSee(true)
    close()
  })

  it('X17 C10 does not undo what was answered after it, though that changed nothing', async () => {
    const { ada, allSee, close } = await threeParticipants()
    product.storeOf(0).letCommits('late')
    expect(await ada.client.ask('media.update', { mic: false })).toMatchObject({ payload: { code: 'unavailable' } })
    product.storeOf(0).letCommits('answered')
    expect((await ada.client.ask('media.update', { mic: true })).type).toBe('ack')
    await product.storeOf(0).arrive()
    await sleep(500)
    await allSee(true)
    close()
  })

  it('X17 is settled by the next command as well, which is decided on what came of it', async () => {
    const { ada, allSee, close } = await threeParticipants()
    product.storeOf(0).letCommits('unanswered')
    expect(await ada.client.ask('hand.raise')).toMatchObject({ payload: { code: 'unavailable' } })
    product.storeOf(0).letCommits('answered')
    expect((await ada.client.ask('media.update', { mic: false })).type).toBe('ack')
    await allSee(false)
    expect(ada.member.view.participants[ada.id]).toMatchObject({ hand: expect.any(Number) })
    close()
  })

  it.each(['unanswered', 'late'] as const)(
    'X28 a first join whose commit is %s, and whose tab is closed, leaves nobody in the room',
    async (fate) => {
      const meeting = aMeeting()
      const { roomToken, token } = product.grant(meeting, 'Ada')
      const client = await product.connect(0, token)
      product.storeOf(0).letCommits(fate)
      expect(await client.ask('room.join', { roomToken, device: { mic: true, cam: true } })).toMatchObject({
        payload: { code: 'unavailable' },
      })
      client.drop()
      product.storeOf(0).letCommits('answered')
      // Long enough for the room to have been read again, and to count as settled.
      await sleep(1_000)
      await product.storeOf(0).arrive()
      // Nobody asks: the question would make a node look.
      await sleep(500)
      await eventually(
        () => expect(facts.of(meeting.id, 'left')).toHaveLength(facts.of(meeting.id, 'joined').length),
        graceAndMoreMs,
      )
      const { people } = await request(world.bus, signalingBus.roster, { meetingId: meeting.id })
      expect(people).toEqual([])
    },
    40_000,
  )

  it('X28 the late commit of a first join does not happen once somebody else has been refused nothing', async () => {
    const meeting = aMeeting()
    const { roomToken, token } = product.grant(meeting, 'Ada')
    const client = await product.connect(0, token)
    product.storeOf(0).letCommits('late')
    await client.ask('room.join', { roomToken, device: { mic: true, cam: true } })
    product.storeOf(0).letCommits('answered')
    const ben = await product.join(1, meeting, 'Ben')
    const arrived = await product.storeOf(0).arrive()
    expect(arrived).toEqual(arrived.map(() => expect.objectContaining({ outcome: 'conflict' })))
    expect((await ben.client.ask('room.sync', { v: 0 })).payload).toMatchObject({ upserts: [{ id: ben.id }] })
    for (const one of [client, ben.client]) one.close()
  })
})
