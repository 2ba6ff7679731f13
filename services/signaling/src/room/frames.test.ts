import type { Participant } from '@parley/contracts'
import { expect, it } from 'vitest'
import { answerText } from './frames.ts'

const participant = (id: string): Participant => ({
  id,
  userId: `user ${id}`,
  name: `Zoë "${id}" \u{1F642}`,
  role: 'participant',
  guest: false,
  mic: true,
  cam: false,
  screen: false,
  hand: null,
  connection: 'connected',
  joinedAt: '2026-11-21T12:00:00.000Z',
})

it('P3 an answer put together from participants that were serialised before is the one that JSON makes', () => {
  const [ada, ben] = [participant('ada'), participant('ben')]
  const payloads = [
    { v: 3, peers: [] },
    { v: 3, peers: [ada, ben], resumeToken: 'token' },
    { v: 4, peers: [ben, { ...ada, mic: false }] },
    { signals: [{ from: 'x', data: { peers: 'no list of ours' } }], snapshot: { v: 5, peers: [ada] } },
    { chatSeq: 1 },
    {},
  ]
  for (const requestId of ['r1', undefined])
    for (const payload of payloads)
      expect(JSON.parse(answerText('room.joined', requestId, payload))).toEqual(
        JSON.parse(JSON.stringify({ type: 'room.joined', requestId, payload })),
      )
})
