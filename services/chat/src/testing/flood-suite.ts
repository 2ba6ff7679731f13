import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '@parley/kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHarness, storedIn, type Harness } from './harness.ts'
import { problemOrThrow } from './outcome.ts'
import type { Stage } from './stages.ts'

const limit = { CHAT_LIMIT_MESSAGES: '10', CHAT_LIMIT_SECONDS: '4' }
const windowMs = 4000
/** Each of two replicas counts up to three by itself. */
const most = 10 + 3

/** The limit per sender, on one stage. */
export function floodSuite(name: string, openStage: () => Promise<Stage>): void {
  describe(`C4 chat’s flood limit on ${name}`, () => {
    let stage: Stage
    let harness: Harness
    beforeAll(async () => {
      stage = await openStage()
      harness = await createHarness(stage, limit)
    })
    afterAll(async () => {
      await harness.stop()
      await stage.close()
    })

    test('who sends too fast is told how long to wait, over REST and the bus, and goes on after it', async () => {
      const [meetingId, userId] = [newId(), newId()]
      const token = harness.token(userId)
      const posts = Array.from({ length: 30 }, (_, at) =>
        harness.post(meetingId, token, { clientMessageId: newId(), text: `${at}` }, harness.replicas[at % 2]),
      )
      const answers = await Promise.all(posts)
      const accepted = answers.filter(({ status }) => status === 201).length
      expect(accepted).toBeGreaterThanOrEqual(10)
      expect(accepted).toBeLessThanOrEqual(most)
      for (const { status, body, headers } of answers.filter((answer) => answer.status !== 201)) {
        expect([status, body.code, body.retryable]).toEqual([429, 'rate-limited', true])
        expect(body.retryAfterMs).toBeGreaterThan(0)
        expect(body.retryAfterMs).toBeLessThanOrEqual(windowMs)
        expect(headers.get('retry-after')).toMatch(/^[1-4]$/)
      }
      const sender = { id: userId, name: 'Ann' }
      const overBus = await harness.send({ meetingId, sender }).catch(problemOrThrow)
      expect(overBus).toMatchObject({ code: 'rate-limited' })
      expect((await storedIn(harness.db, meetingId)).map(({ seq }) => seq)).toEqual(
        Array.from({ length: accepted }, (_, at) => at + 1),
      )
      await sleep('extra' in overBus ? (overBus.extra.retryAfterMs ?? windowMs) : 0)
      expect((await harness.send({ meetingId, sender })).message.seq).toBe(accepted + 1)
    })

    test('it is of one sender in one meeting: many senders, and the meeting itself, have none together', async () => {
      const meetingId = newId()
      const sends = Array.from({ length: 300 }, () => harness.send({ meetingId }))
      const notices = Array.from({ length: 30 }, () =>
        harness.change.system({ meetingId, noticeId: newId(), text: 'said' }),
      )
      await Promise.all([...sends, ...notices])
      expect((await harness.head(meetingId)).seq).toBe(330)
    })

    test('edits count as messages, deletions do not', async () => {
      const [meetingId, userId] = [newId(), newId()]
      const sender = { id: userId, name: 'Ann' }
      const messages = await Promise.all(Array.from({ length: 9 }, () => harness.send({ meetingId, sender })))
      const edits = await Promise.all(
        Array.from({ length: 20 }, (_, at) => {
          const messageId = messages[at % 9]?.message.id ?? ''
          return harness.change.edit({ meetingId, userId, messageId, text: `edit ${at}` }).catch(problemOrThrow)
        }),
      )
      expect(edits.filter((edited) => 'code' in edited && edited.code === 'rate-limited').length).toBeGreaterThan(10)
      for (const { message } of messages)
        await harness.change.delete({ meetingId, userId, moderator: false, messageId: message.id })
      expect((await storedIn(harness.db, meetingId)).every(({ text }) => text === null)).toBe(true)
    })
  })
}
