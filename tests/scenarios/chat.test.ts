import { createParley, type Parley, type Room } from '@parley/client'
import type { Message } from '@parley/contracts'
import { openDatabase, createLogger } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { layCable, type Cable } from '../support/cable.ts'
import { hintFor } from '../support/nodes.ts'
import { anEmail, password, rest } from '../support/people.ts'
import { startStack, type Product, type StackFile } from '../support/product.ts'

const quiet = { onWarning: () => {} }

/** The SDK's `fetch` with another hint in the answer, so that the gateway takes the node we want. */
const fetchWithHint =
  (hint: string): typeof fetch =>
  async (input, init) => {
    const response = await fetch(input, init)
    if (!String(input instanceof Request ? input.url : input).endsWith('/v1/meetings/join') || !response.ok)
      return response
    const text = (await response.text()).replace(/meeting=[0-9a-f-]+/, `meeting=${hint}`)
    return new Response(text, { status: response.status, headers: response.headers })
  }

const messagesOf = (room: Room): readonly Message[] => room.state.get().messages
const short = (room: Room) => messagesOf(room).map(({ seq, type, text, rev }) => [seq, type, text, rev])

describe('the chat of a meeting over two gateways, two signaling nodes and two of chat', () => {
  let product: Product & { file: StackFile }
  let cable: Cable
  let people: Parley[]
  let rooms: Room[]
  let code: string
  let meetingId: string

  beforeAll(async () => {
    product = await startStack(undefined, { CHAT_LIMIT_MESSAGES: '10' })
    const [left = '', right = ''] = product.gateways
    cable = await layCable(right)
    const [one, two] = product.file.signaling
    const hints = [await hintFor(one?.url ?? '', left), await hintFor(two?.url ?? '', right)]
    const places = [
      { name: 'Ada', url: left, hint: hints[0] },
      { name: 'Ben', url: right, hint: hints[1] },
      { name: 'Cy', url: cable.url, hint: hints[1] },
    ]
    people = places.map(({ url, hint = '' }) =>
      createParley({ url, tokenDelivery: 'body', fetch: fetchWithHint(hint), ...quiet }),
    )
    for (const [at, { name }] of places.entries()) await people[at]?.signUp({ email: anEmail(), password, name })
    const meeting = await people[0]?.rest.createMeeting({ body: { title: 'Plan', type: 'public' } })
    ;[code, meetingId] = [meeting?.code ?? '', meeting?.id ?? '']
    rooms = []
    for (const person of people) rooms.push(await person.join({ code, device: { mic: false, cam: false } }))
  }, 120_000)
  afterAll(async () => {
    for (const person of people) person.close()
    cable.close()
    await product.stop()
  }, 60_000)

  const three = (): [Room, Room, Room] => rooms as [Room, Room, Room]
  const alike = (...all: Room[]) =>
    eventually(() => {
      const [first = [], ...others] = all.map(messagesOf)
      for (const other of others) expect(other).toEqual(first)
    }, 15_000)

  it('C3 R7 an edit and a deletion are seen on the other node; a moderator deletes what others wrote, others do not', async () => {
    const [ada, ben, cy] = three()
    const sent = await ben.sendMessage('helo')
    const rude = await ben.sendMessage('something rude')
    await ben.editMessage(sent?.id ?? '', 'hello')
    await expect(cy.editMessage(sent?.id ?? '', 'mine')).rejects.toMatchObject({ code: 'forbidden' })
    await expect(cy.deleteMessage(rude?.id ?? '')).rejects.toMatchObject({ code: 'forbidden' })
    await ada.deleteMessage(rude?.id ?? '')
    await expect(ben.editMessage(rude?.id ?? '', 'ruder')).rejects.toMatchObject({ code: 'wrong-state' })
    await eventually(() =>
      expect(short(ada)).toEqual([
        [1, 'text', 'hello', 1],
        [2, 'text', undefined, 2],
      ]),
    )
    await alike(ada, ben, cy)
    const database = await openDatabase({ url: product.file.postgres.url }, { log: createLogger({ service: 'test' }) })
    const rows = await database
      .schema<{ messages: { text: string | null } }>('chat')
      .selectFrom('messages')
      .selectAll()
      .execute()
    await database.close()
    expect(rows.length).toBe(2)
    expect(JSON.stringify(rows)).not.toContain('rude')
  }, 60_000)

  it('C3 R8 a person who was away sees after the resume what was written, edited, deleted and told meanwhile', async () => {
    const [ada, ben, cy] = three()
    cable.pull()
    await eventually(() => expect(cy.state.get().status.state).toBe('reconnecting'))
    const first = messagesOf(ada)[0]?.id ?? ''
    await ben.editMessage(first, 'hello everybody')
    const secret = await ben.sendMessage('a secret')
    await ada.sendMessage('who is here?')
    await people[0]?.rest.updateMeeting({ params: { id: meetingId }, body: { title: 'Plan B' } })
    await eventually(() => expect(messagesOf(ada).at(-1)?.type).toBe('system'))
    await ben.deleteMessage(secret?.id ?? '')
    await ben.sendMessage('me')
    cable.plug()
    await eventually(() => expect(cy.state.get().status.state).toBe('joined'), 20_000)
    await alike(ada, ben, cy)
    expect(short(cy)).toEqual([
      [1, 'text', 'hello everybody', 3],
      [2, 'text', undefined, 2],
      [3, 'text', undefined, 4],
      [4, 'text', 'who is here?', undefined],
      [5, 'system', 'Ada renamed the meeting to “Plan B”.', undefined],
      [6, 'text', 'me', undefined],
    ])
    expect(messagesOf(cy)[4]?.sender).toEqual({ id: meetingId, name: 'System' })
  }, 60_000)

  it('C4 T12 a person who floods is slowed down, and all that was sent is there once and in order', async () => {
    const [ada, ben, cy] = three()
    const texts = Array.from({ length: 25 }, (_, n) => `flood ${n}`)
    const slowed = new Promise<void>((resolve) => {
      const stop = ben.state.subscribe(() => {
        if (!ben.state.get().pending.some(({ delayed }) => delayed?.code === 'rate-limited')) return
        stop()
        resolve()
      })
    })
    const accepted = Promise.all(texts.map((text) => ben.sendMessage(text)))
    await slowed
    // The limit is of one person: somebody else is not slowed down by it.
    expect(await ada.sendMessage('calm')).not.toBeNull()
    expect((await accepted).every((message) => message !== null)).toBe(true)
    await alike(ada, ben, cy)
    expect(messagesOf(cy).flatMap(({ text }) => (text?.startsWith('flood') ? [text] : []))).toEqual(texts)
    expect(messagesOf(cy).map(({ seq }) => seq)).toEqual(messagesOf(cy).map((_, index) => index + 1))
  }, 90_000)

  it('M10 C3 a person who was removed reads and writes nothing more over REST within a second; the chat tells of it', async () => {
    const [ada, ben] = three()
    const url = `${product.gateways[1]}/v1/meetings/${meetingId}/messages`
    const token = await people[1]?.accessToken()
    const read = () => rest('GET', url, { token: token ?? '' })
    expect((await read()).status).toBe(200)
    await ada.remove(ben.state.get().self.id)
    await eventually(async () => expect((await read()).status).toBe(404), 1_000)
    const body = { clientMessageId: 'after-the-removal', text: 'still here' }
    expect((await rest('POST', url, { token: token ?? '', body })).status).toBe(404)
    await eventually(() => expect(messagesOf(ada).at(-1)?.text).toBe('Ada removed Ben.'))
  }, 60_000)
})
