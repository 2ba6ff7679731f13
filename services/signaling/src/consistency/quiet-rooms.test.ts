import { eventually } from '@parley/kit/testing'
import { describe, expect, it } from 'vitest'
import { aMeeting } from '../testing/harness.ts'
import { aLiveRoom, aSeat } from '../testing/live-rooms.ts'

const hour = 3_600_000

describe('the document of a quiet room (C1)', () => {
  const quietRoom = async () => {
    const made = aLiveRoom()
    const renewals: number[] = []
    const { docs } = made.kv
    const { renew } = docs
    docs.renew = (id, head, ttlMs) => {
      renewals.push(ttlMs)
      return renew.call(docs, id, head, ttlMs)
    }
    await made.room.submit({ kind: 'join', seat: aSeat('a'), meeting: aMeeting() })
    return { ...made, renewals }
  }

  it('is renewed long before it runs out, for as long as somebody is in the room', async () => {
    const { room, renewals } = await quietRoom()
    const from = performance.now()
    for (let at = 0; at <= 72 * hour; at += hour / 4) {
      room.tend(from + at)
      await eventually(() => expect(room.waiting.commands).toBe(0))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(renewals.length).toBeGreaterThanOrEqual(11)
    expect(Math.min(...renewals)).toBe(24 * hour)
  })

  it('is left alone once everybody has left', async () => {
    const { room, renewals } = await quietRoom()
    await room.submit({ kind: 'leave', by: 'a' })
    room.tend(performance.now() + 100 * hour)
    await new Promise((resolve) => setImmediate(resolve))
    expect(renewals).toEqual([])
  })

  it('that ran out is not put back by a renewal either', async () => {
    const { room, kv, renewals } = await quietRoom()
    const doc = await kv.docs.read(room.meetingId)
    if (!doc) throw new Error('the room is in the store')
    await kv.docs.remove(room.meetingId, doc.head, [])
    room.tend(performance.now() + 7 * hour)
    await eventually(() => expect(renewals).toHaveLength(1))
    await eventually(() => {
      room.tend(performance.now() + 7 * hour)
      expect(room.state).toMatchObject({ v: 0, commits: [] })
    })
    expect(await kv.docs.read(room.meetingId)).toBeNull()
  })

  it('is compared every 20 s, for another node may have committed and died before it could publish', async () => {
    const { room, kv } = await quietRoom()
    const other = aLiveRoom(room.meetingId, { kv, node: 'n2' })
    await other.room.catchUp()
    await other.room.submit({ kind: 'join', seat: aSeat('b', { node: 'n2' }), meeting: aMeeting() })
    expect(room.state.v).toBe(other.room.state.v - 1)
    room.tend(performance.now() + 21_000)
    await eventually(() => {
      room.tend(performance.now() + 22_000)
      expect(room.state.v).toBe(other.room.state.v)
    })
  })
})
