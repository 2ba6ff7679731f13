import { setTimeout as sleep } from 'node:timers/promises'
import { newId, ProblemError } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { expect, test } from 'vitest'
import type { Harness } from '../harness.ts'

const body = () => ({ clientMessageId: newId(), text: 'hello' })

export function accessSuite(harness: () => Harness): void {
  test('C1 a person who may not chat is refused, and nothing is stored', async () => {
    const { post, token, meetings, head } = harness()
    const cases = [
      [{ mayChat: false }, 403, 'forbidden'],
      [{ over: true }, 410, 'meeting-over'],
      [{ over: true, mayChat: false }, 410, 'meeting-over'],
      [new ProblemError('not-found'), 404, 'not-found'],
      [new ProblemError('unavailable'), 503, 'unavailable'],
    ] as const
    for (const [access, status, code] of cases) {
      const meetingId = newId()
      meetings.set(meetingId, access)
      const answered = await post(meetingId, token(), body())
      expect([answered.status, answered.body.code]).toEqual([status, code])
      expect(await head(meetingId)).toEqual({ seq: 0, rev: 0 })
    }
  })

  test('C2 reading needs access too, and goes on after the meeting is over', async () => {
    const { post, list, token, meetings } = harness()
    const meetingId = newId()
    await post(meetingId, token(), body())
    meetings.set(meetingId, { over: true, mayChat: false })
    const read = await list(meetingId, token())
    expect([read.status, read.body.items.length]).toEqual([200, 1])
    expect(read.headers.get('cache-control')).toBe('no-store')
    meetings.set(meetingId, new ProblemError('not-found'))
    expect((await list(meetingId, token())).status).toBe(404)
  })

  test('C1 access that was granted is cached, a refusal is checked again each time', async () => {
    const { post, token, meetings } = harness()
    const bearer = token()
    const [open, shut] = [newId(), newId()]
    const posts = await Promise.all(Array.from({ length: 8 }, async () => (await post(open, bearer, body())).status))
    expect(posts).toEqual(posts.map(() => 201))
    for (let at = 0; at < 8; at += 1) expect((await post(open, bearer, body())).status).toBe(201)
    // Once a second at most; those that came at once asked before there was an answer.
    expect(meetings.asked(open)).toBeLessThan(14)
    meetings.set(shut, { mayChat: false })
    for (let at = 0; at < 3; at += 1) expect((await post(shut, bearer, body())).status).toBe(403)
    meetings.set(shut, {})
    expect((await post(shut, bearer, body())).status).toBe(201)
    expect(meetings.asked(shut)).toBe(4)
  })

  test.each(['told', 'lost'] as const)(
    'M10 C1 C2 a person who was removed neither reads nor writes over REST after a second, when it is %s',
    async (how) => {
      const { post, list, token, meetings, replicas } = harness()
      const [meetingId, userId] = [newId(), newId()]
      const bearer = token(userId)
      for (const replica of replicas) expect((await post(meetingId, bearer, body(), replica)).status).toBe(201)
      meetings.remove(meetingId, userId, how)
      if (how === 'lost') await sleep(1000)
      // On the bus the news overtakes nobody who asks after it by much.
      else await eventually(async () => expect((await list(meetingId, bearer)).status).toBe(404), 500)
      for (const replica of replicas) expect((await post(meetingId, bearer, body(), replica)).status).toBe(404)
      expect((await list(meetingId, bearer)).status).toBe(404)
    },
  )

  test('C1 C2 without a valid token nothing is done', async () => {
    const { post, list, head } = harness()
    const meetingId = newId()
    expect((await post(meetingId, 'nonsense', body())).status).toBe(401)
    expect((await list(meetingId, 'nonsense')).status).toBe(401)
    expect(await head(meetingId)).toEqual({ seq: 0, rev: 0 })
  })
}
