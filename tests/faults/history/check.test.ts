import { describe, expect, it } from 'vitest'
import { checkHistory } from './check.ts'
import {
  emptyHistory,
  type Command,
  type History,
  type MeetingSeen,
  type Member,
  type Order,
  type Person,
  type StoredMessage,
  type Send,
  type Standing,
  type View,
} from './history.ts'

/** Two people in one room, three accepted messages, one refused; everything as it should be. */
const messages: StoredMessage[] = ['one', 'two', 'three'].map((text, index) => ({
  text,
  seq: index + 1,
  id: `id-${text}`,
}))
const sends: Send[] = [
  ...messages.map(({ text, seq, id }): Send => ({
    text,
    client: 'ann',
    room: 'r',
    at: seq,
    outcome: { is: 'accepted', at: seq + 1, seq, id },
  })),
  { text: 'refused', client: 'bob', room: 'r', at: 5, outcome: { is: 'refused', at: 6 } },
]
const person = (participantId: string): Person => ({
  participantId,
  mic: true,
  cam: false,
  hand: false,
  connected: true,
})
const people = [person('p-ann'), person('p-bob')]
const members: Member[] = [
  { participantId: 'p-ann', userId: 'u-ann', role: 'cohost' },
  { participantId: 'p-bob', userId: 'u-bob', role: 'guest' },
]
const meeting: MeetingSeen = { title: 'new', settings: { chat: false } }
const contents = 'all that is in r at 7'
const seen = { people, members, meeting, contents, messages }
const view = (client: string): View => ({ client, room: 'r', v: 7, ...seen, since: 0 })
const command = (order: Order, at: number, is: Command['outcome']['is'] = 'acknowledged'): Command => ({
  room: order.kind === 'end' ? 'ended' : 'r',
  order,
  at,
  outcome: { is, at: at + 1 },
})
const commands: Command[] = [
  command({ kind: 'ban', userId: 'u-cid' }, 1),
  command({ kind: 'remove', userId: 'u-bob', participantIds: ['p-bob-before'] }, 2),
  command({ kind: 'role', userId: 'u-ann', role: 'participant' }, 3),
  command({ kind: 'role', userId: 'u-ann', role: 'cohost' }, 4),
  command({ kind: 'settings', change: { title: 'new', settings: { chat: false } } }, 5),
  command({ kind: 'end' }, 6),
]
const standing: Standing = {
  ...meeting,
  status: 'live',
  banned: new Set(['u-cid']),
  roles: new Map([['u-ann', 'cohost']]),
}
const standings = new Map([
  ['r', standing],
  ['ended', { ...standing, status: 'ended' }],
])
const good: History = {
  ...emptyHistory,
  endedAt: 60_000,
  sends,
  stored: new Map([['r', messages]]),
  shown: ['ann', 'bob'].flatMap((client) => messages.map((message) => ({ ...message, client, at: message.seq }))),
  views: [view('ann'), view('bob')],
  truth: new Map([['r', people]]),
  stays: [
    { client: 'ann', room: 'r', from: 0, until: Infinity },
    { client: 'bob', room: 'r', from: 0, until: 100 },
  ],
  received: [
    { client: 'ann', room: 'r', type: 'chat.message', at: 50 },
    { client: 'bob', room: 'r', type: 'chat.message', at: 100 },
    { client: 'bob', room: null, type: 'ping', at: 200 },
  ],
  requests: [
    { client: 'ann', type: 'chat.send', at: 0, end: { at: 10_000, how: 'answered' } },
    { client: 'ann', type: 'chat.send', at: 55_000, end: null },
  ],
  commands,
  standings,
  contents: ['ann', 'the node of ann', 'bob'].map((holder) => ({ room: 'r', v: 7, holder, text: contents })),
  signals: [1, 2, 4].map((n) => ({ from: 'ann', to: 'bob', n, at: n })),
  processes: [
    {
      label: 'chat-1',
      exits: [{ how: 'SIGKILL', expected: true, at: 5 }],
      faults: [],
      memory: [
        { at: 0, mib: 80 },
        { at: 1, mib: 120 },
      ],
    },
  ],
}

/** The ids of the checks that find something in `good` with these changes. */
const foundIn = (change: Partial<History>): string[] =>
  checkHistory({ ...good, ...change }, { growthMib: 50 })
    .filter(({ breaches }) => breaches.length > 0)
    .map(({ id }) => id)
const withView = (change: Partial<View>) => ({ views: [view('ann'), { ...view('bob'), ...change }] })
const withPerson = (change: Partial<Person>) =>
  withView({ people: people.map((one, index) => (index === 0 ? { ...one, ...change } : one)) })
const withProcess = (change: Partial<History['processes'][number]>) => ({
  processes: good.processes.map((one) => ({ ...one, ...change })),
})
const withShown = (texts: readonly string[]) => ({
  shown: texts.flatMap((text, at) =>
    messages.filter((one) => one.text === text).map((one) => ({ ...one, client: 'ann', at })),
  ),
})

describe('the history checks', () => {
  it('find nothing in a good history, and have looked at all of it', () => {
    expect(foundIn({})).toEqual([])
    const verdicts = checkHistory(good, { growthMib: 50 })
    expect(verdicts.map(({ id, looked }) => [id, looked > 0])).toEqual(
      ['H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'H7', 'H8', 'H9', 'S'].map((id) => [id, true]),
    )
  })

  it('have nothing to say about nothing', () => {
    const verdicts = checkHistory(emptyHistory, { growthMib: 1 })
    expect(verdicts.every(({ looked, breaches }) => looked === 0 && breaches.length === 0)).toBe(true)
  })

  it.each<[string, Partial<History>]>([
    ['an accepted message is not stored', { stored: new Map([['r', messages.slice(0, 2)]]), ...noViews() }],
    [
      'an accepted message is stored under another number than was answered',
      { sends: sends.map((send, index) => (index === 0 ? { ...send, outcome: accepted(9) } : send)) },
    ],
    ['an accepted message is missing in a view', withView({ messages: messages.slice(0, 2) })],
  ])('H1 is broken when %s', (_, change) => {
    expect(foundIn(change)).toContain('H1')
  })

  it('H1 is not broken by what was there before a client came', () => {
    expect(foundIn(withView({ messages: messages.slice(1), since: 1 }))).not.toContain('H1')
  })

  it.each<[string, Partial<History>]>([
    ['a refused message is stored twice', { stored: new Map([['r', [...messages, ...twice('refused')]]]) }],
    ['an accepted one is stored twice', { stored: new Map([['r', [...messages, ...twice('three')]]]) }],
    ['a view has one twice', withView({ messages: [...messages, ...twice('three').slice(0, 1)] })],
    ['a client was shown one twice', withShown(['one', 'two', 'two', 'three'])],
  ])('H2 is broken when %s', (_, change) => {
    expect(foundIn(change)).toContain('H2')
  })

  it.each<[string, Partial<History>]>([
    ['a number is missing in the store', { stored: new Map([['r', messages.filter(({ seq }) => seq !== 2)]]) }],
    ['a number is given twice', { stored: new Map([['r', [...messages, { text: 'x', seq: 3, id: 'x' }]]]) }],
    ['a view has a gap', withView({ messages: messages.filter(({ seq }) => seq !== 2) })],
    ['a client was shown them in another order', withShown(['one', 'three', 'two'])],
    ['a view has another message under a number', withView({ messages: swapped() })],
  ])('H3 is broken when %s', (_, change) => {
    expect(foundIn(change)).toContain('H3')
  })

  it.each<[string, History['received'][number]]>([
    ['somebody who had left got an event', { client: 'bob', room: 'r', type: 'chat.message', at: 101 }],
    ['somebody got an event of another room', { client: 'ann', room: 'other', type: 'media.changed', at: 50 }],
    ['an outsider got an event', { client: 'outsider', room: 'r', type: 'chat.message', at: 50 }],
  ])('H4 is broken when %s', (_, event) => {
    expect(foundIn({ received: [...good.received, event] })).toEqual(['H4'])
  })

  it.each<[string, Partial<History>]>([
    ['somebody is missing', withView({ people: people.slice(1) })],
    ['there is a ghost', withView({ people: [...people, person('p-ghost')] })],
    ['somebody is there twice', withView({ people: [...people, person('p-ann')] })],
    ['a microphone differs', withPerson({ mic: false })],
    ['a camera differs', withPerson({ cam: true })],
    ['a hand differs', withPerson({ hand: true })],
    ['somebody is still reconnecting', withPerson({ connected: false })],
    ['a version differs', withView({ v: 8 })],
  ])('H5 is broken when %s', (_, change) => {
    expect(foundIn(change)).toEqual(['H5'])
  })

  it.each<[string, History['requests'][number]]>([
    ['an answer took longer', { client: 'ann', type: 'chat.send', at: 0, end: { at: 10_001, how: 'answered' } }],
    ['there is none', { client: 'ann', type: 'media.update', at: 49_000, end: null }],
    ['its socket was closed too late', { client: 'ann', type: 'room.sync', at: 0, end: { at: 20_000, how: 'closed' } }],
  ])('H6 is broken when %s', (_, request) => {
    expect(foundIn({ requests: [...good.requests, request] })).toEqual(['H6'])
  })

  it('H6 is not broken by a client without any network, and is by the others', () => {
    const request = { client: 'ann', type: 'chat.send', at: 5_000, end: { at: 25_000, how: 'closed' as const } }
    const cutOffs = [{ client: 'ann', from: 6_000, until: 30_000 }]
    expect(foundIn({ requests: [request], cutOffs })).toEqual([])
    expect(foundIn({ requests: [{ ...request, client: 'bob' }], cutOffs })).toEqual(['H6'])
    expect(foundIn({ requests: [{ ...request, at: 31_000, end: null }], cutOffs })).toEqual(['H6'])
  })

  it.each<[string, Partial<History>]>([
    ['a process ended by itself', withProcess({ exits: [{ how: 'code 1', expected: false, at: 9 }] })],
    ['an error went uncaught', withProcess({ faults: ['an uncaught error'] })],
    ['memory grew too much on the way', withProcess({ memory: [80, 200, 90].map((mib, at) => ({ at, mib })) })],
    ['a client left a rejection unhandled', { clientFaults: ['Error: x'] }],
  ])('H7 is broken when %s', (_, change) => {
    expect(foundIn(change)).toEqual(['H7'])
  })

  it.each<[string, Partial<History>]>([
    ['somebody who was banned is in a view', withMember({ userId: 'u-cid' })],
    ['the database has no ban', withStanding({ banned: new Set() })],
    ['a stay that was ended is in a view', withMember({ participantId: 'p-bob-before' })],
    ['a view has another role', withMember({ userId: 'u-ann', role: 'participant' })],
    ['the database has another role', withStanding({ roles: new Map([['u-ann', 'participant']]) })],
    ['a view has another title', withView({ meeting: { ...meeting, title: 'old' } })],
    ['a view has another setting', withView({ meeting: { ...meeting, settings: { chat: true } } })],
    ['the database has another setting', withStanding({ settings: { chat: true } })],
    ['somebody is in a meeting that ended', { views: [...good.views, { ...view('cid'), room: 'ended' }] }],
    ['the database has it as live', { standings: new Map([...standings, ['ended', standing]]) }],
    ['the database has no such meeting', { standings: new Map([['r', standing]]) }],
    ['a role of before is there again', withCommand({ kind: 'role', userId: 'u-ann', role: 'guest' })],
    ['the last of them was refused', withCommand({ kind: 'ban', userId: 'u-bob' }, ['acknowledged', 'refused'])],
  ])('H8 is broken when %s', (_, change) => {
    expect(foundIn(change)).toContain('H8')
  })

  it('H8 is not broken by a command without an answer, whether or not it was carried out', () => {
    const asked = withCommand({ kind: 'role', userId: 'u-ann', role: 'participant' }, ['unknown'])
    expect(foundIn(asked)).toEqual([])
    const done = withStanding({ roles: new Map([['u-ann', 'participant']]) })
    const shown = { views: [withRole('ann', 'participant'), withRole('bob', 'participant')] }
    expect(foundIn({ ...asked, ...done, ...shown })).toEqual([])
    expect(foundIn({ ...asked, ...done })).toEqual(['H8'])
    expect(foundIn(withCommand({ kind: 'ban', userId: 'u-bob' }, ['unknown', 'refused']))).toEqual([])
  })

  it('H9 is broken when somebody has something else at the same version, and only then', () => {
    const other = (change: Partial<History['contents'][number]>) => ({
      contents: [...good.contents, { room: 'r', v: 7, holder: 'the node of bob', text: 'else', ...change }],
    })
    expect(foundIn(other({}))).toEqual(['H9'])
    expect(foundIn(other({ v: 8 }))).toEqual([])
    expect(foundIn(other({ room: 'other' }))).toEqual([])
  })

  it.each([
    ['a signal came twice', [1, 2, 2]],
    ['signals came in another order', [1, 3, 2]],
  ])('the order of signals is broken when %s', (_, numbers) => {
    expect(foundIn({ signals: numbers.map((n) => ({ from: 'ann', to: 'bob', n, at: n })) })).toEqual(['S'])
  })
})

function withMember(change: Partial<Member>) {
  return withView({ members: [...members.slice(1), { participantId: 'p-x', userId: 'u-x', role: 'guest', ...change }] })
}
function withRole(client: string, role: string): View {
  return { ...view(client), members: members.map((one) => (one.userId === 'u-ann' ? { ...one, role } : one)) }
}
function withStanding(change: Partial<Standing>) {
  return { standings: new Map([...standings, ['r', { ...standing, ...change }]]) }
}
/** These after all others. */
function withCommand(order: Order, outcomes: readonly Command['outcome']['is'][] = ['acknowledged']) {
  return { commands: [...commands, ...outcomes.map((is, index) => command(order, 10 + index, is))] }
}
function noViews(): Partial<History> {
  return { views: [], shown: [] }
}
function accepted(seq: number): Send['outcome'] {
  return { is: 'accepted', at: 2, seq, id: 'id-one' }
}
function twice(text: string): StoredMessage[] {
  return [4, 5].map((seq) => ({ text, seq, id: `id-${text}-${seq}` }))
}
function swapped(): StoredMessage[] {
  return messages.map((message, index) => ({ ...message, ...(index < 2 && { id: messages[1 - index]?.id ?? '' }) }))
}
