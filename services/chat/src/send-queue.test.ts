import { describe, expect, test } from 'vitest'
import { createSend, type Send } from './send.ts'
import { createSendQueue } from './send-queue.ts'

const limits = { batch: 4, total: 8, perMeeting: 5 }
let count = 0

function sendTo(meetingId: string): Send {
  count += 1
  const draft = {
    meetingId,
    sender: { id: 'ann', name: 'Ann' },
    clientMessageId: `message-${count}`,
    text: 'x',
    type: 'text' as const,
  }
  return createSend(draft, 60_000).send
}

/** A queue with sends for these meetings, which are returned in that order. */
function filled(...meetings: string[]) {
  const queue = createSendQueue(limits)
  const sends = meetings.map(sendTo)
  for (const send of sends) expect(queue.add(send)).toBe(true)
  return { queue, sends }
}

describe('C1 the queue of sends', () => {
  test('is bounded in all and per meeting', () => {
    const { queue } = filled('a', 'a', 'a', 'a', 'a')
    expect(queue.add(sendTo('a'))).toBe(false)
    for (const meeting of ['b', 'c', 'd']) expect(queue.add(sendTo(meeting))).toBe(true)
    expect(queue.add(sendTo('e'))).toBe(false)
    queue.next(true)
    expect(queue.add(sendTo('e'))).toBe(true)
  })

  test('gives one meeting a patient batch, several a common one of bounded size in the order of arrival', () => {
    const one = filled('a', 'a')
    expect(one.queue.next(true)).toEqual({ sends: one.sends, patient: true })
    expect(one.queue.next(true)).toBeNull()
    const { queue, sends } = filled('a', 'b', 'a', 'b', 'b')
    expect(queue.next(true)).toEqual({ sends: [sends[0], sends[2], sends[1], sends[3]], patient: false })
    expect(queue.size()).toBe(1)
  })

  test('has one batch of a meeting under way at a time', () => {
    const { queue } = filled('a', 'a', 'a', 'a', 'a')
    const batch = queue.next(true)
    expect(batch?.sends).toHaveLength(4)
    expect(queue.next(true)).toBeNull()
    if (batch) queue.done(batch, [])
    expect(queue.next(true)?.sends).toHaveLength(1)
  })

  test('puts what has to be tried again first, by itself, and patiently', () => {
    const { queue, sends } = filled('a', 'b', 'a')
    const batch = queue.next(true)
    const later = [sendTo('a'), sendTo('c')]
    for (const send of later) queue.add(send)
    if (batch)
      queue.done(
        batch,
        [sends[0], sends[2]].filter((send) => send !== undefined),
      )
    expect(queue.next(false)?.sends).toEqual([later[1]])
    expect(queue.next(false)).toBeNull()
    expect(queue.next(true)).toEqual({ sends: [sends[0], sends[2], later[0]], patient: true })
  })
})
