import type { Message } from '@parley/contracts'
import { expect, test } from 'vitest'
import { threadOf } from './thread.ts'

const at = (seq: number, who: string, minute: number, type: Message['type'] = 'text'): Message => ({
  id: `m${seq}`,
  seq,
  type,
  text: 'x',
  sender: { id: who, name: who },
  clientMessageId: `c${seq}`,
  sentAt: new Date(Date.UTC(2026, 0, 1, 9, minute)).toISOString(),
})

test('O8 messages of one sender stand together until somebody else speaks or time passes', () => {
  const runs = threadOf([
    at(1, 'ada', 0),
    at(2, 'ada', 1),
    at(3, 'bo', 1),
    at(4, 'ada', 2),
    at(5, 'ada', 9),
    at(6, 'ada', 9, 'system'),
    at(7, 'ada', 9),
  ])
  expect(runs.map((run) => [run.name, run.messages.map((message) => message.seq)])).toEqual([
    ['ada', [1, 2]],
    ['bo', [3]],
    ['ada', [4]],
    ['ada', [5]],
    ['ada', [6]],
    ['ada', [7]],
  ])
})

test('O8 no messages, no runs', () => expect(threadOf([])).toEqual([]))
