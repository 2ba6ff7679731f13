import type { RoomChange, Seat } from '@parley/contracts'
import { newId } from '@parley/kit'
import { expect, it } from 'vitest'
import { apply } from '../room/apply.ts'
import { draft, emptyRoom, type RoomState } from '../room/state.ts'
import { aMeeting } from '../testing/a-meeting.ts'
import { RoomRing } from './room-ring.ts'

const meeting = aMeeting()
const aSeat = (name: string): Seat => ({
  participant: {
    id: newId(),
    userId: newId(),
    name,
    role: 'participant',
    guest: false,
    mic: true,
    cam: true,
    screen: false,
    hand: null,
    connection: 'connected',
    joinedAt: new Date().toISOString(),
  },
  node: 'node-1',
  sessionId: newId(),
  resumeHash: 'secret hash',
  lostAt: null,
})
const ada = aSeat('Ada')
const adaId = ada.participant.id

function after(state: RoomState, changes: readonly RoomChange[]): RoomState {
  const next = draft(state)
  for (const change of changes) apply(next, change)
  return next
}
const begin = () => {
  const empty = emptyRoom(meeting.id, newId())
  const ring = new RoomRing(empty)
  const move = (...changes: RoomChange[]) => ring.moveTo(after(ring.state, changes), changes)
  return { ring, move }
}
const media = (mic: boolean): RoomChange => ({ kind: 'media', participantId: adaId, mic, cam: true, screen: false })
const from = (ring: RoomRing, v: number) => {
  const told: [number, string | null][] = []
  for (let at = v, next = ring.after(at); next !== null; at = next.v, next = ring.after(at))
    told.push([next.v, next.event?.type ?? null])
  return told
}

it('R12 remembers each event with its version, as the socket tells it, and no secrets', () => {
  const { ring, move } = begin()
  move({ kind: 'meeting', meeting }, { kind: 'joined', seat: ada })
  move(media(false), { kind: 'seat', participantId: adaId, resumeHash: 'another' })
  move({ kind: 'hand', participantId: adaId, raised: true })
  const all: [number, string | null][] = [
    [1, null],
    [2, 'participant.joined'],
    [3, 'media.changed'],
    [4, null],
    [5, 'hand.changed'],
  ]
  expect(from(ring, 0)).toEqual(all)
  expect(from(ring, 3)).toEqual(all.slice(3))
  expect(ring.after(5)).toBeNull()
  expect(ring.after(1)?.event?.data).not.toMatch(/hash|session/i)
  expect(JSON.parse(ring.after(4)?.event?.data ?? '')).toEqual({
    v: 5,
    participantId: adaId,
    raised: true,
    position: 1,
    hand: 5,
  })
})

it('R12 changes that a node read are one delta over all of them, also for a client in the middle', () => {
  const { ring, move } = begin()
  move({ kind: 'joined', seat: ada })
  const later = after(ring.state, [media(false), media(true), { kind: 'joined', seat: aSeat('Ben') }])
  ring.moveTo(later, [])
  expect(from(ring, 1)).toEqual([[4, 'room.delta']])
  expect(from(ring, 3)).toEqual([[4, 'room.delta']])
  const over = after(later, [{ kind: 'ended', reason: 'host' }])
  ring.moveTo(over, [])
  expect(from(ring, 4)).toEqual([[5, 'room.ended']])
})

it('R12 a room with another epoch starts a new list of events', () => {
  const { ring, move } = begin()
  move({ kind: 'joined', seat: ada })
  const { v } = ring.state
  ring.moveTo({ ...ring.state, epoch: newId() }, [])
  expect(ring.after(v - 1)).toBeNull()
  move(media(false))
  expect(from(ring, v)).toEqual([[v + 1, 'media.changed']])
  expect(ring.after(v - 1)).toBeNull()
})

it('R12 R10 keeps no more than 512 events and 256 KiB, the newest', () => {
  const { ring, move } = begin()
  move({ kind: 'joined', seat: ada })
  for (let n = 0; n < 1_000; n += 1) move(media(n % 2 === 0))
  expect(from(ring, ring.state.v - 512)).toHaveLength(512)
  expect(ring.after(ring.state.v - 513)).toBeNull()
  const long = 'x'.repeat(20_000)
  for (let n = 0; n < 20; n += 1) move({ kind: 'joined', seat: aSeat(long) })
  const kept = from(ring, ring.state.v - 12).length
  expect(kept).toBe(12)
  expect(ring.after(ring.state.v - 14)).toBeNull()
})
