import { expect, it } from 'vitest'
import { FrameFollower } from './frame-follower.ts'

interface Frame {
  opcode: number
  length: number
  fin?: boolean
  masked?: boolean
}

function bytesOf({ opcode, length, fin = true, masked = false }: Frame): Buffer {
  const mask = masked ? 0x80 : 0
  const head = [(fin ? 0x80 : 0) | opcode]
  if (length < 126) head.push(mask | length)
  else if (length < 65_536) head.push(mask | 126, length >> 8, length & 0xff)
  else
    head.push(
      mask | 127,
      0,
      0,
      0,
      0,
      (length >>> 24) & 0xff,
      (length >>> 16) & 0xff,
      (length >>> 8) & 0xff,
      length & 0xff,
    )
  // Payload that looks like headers, so that a follower that is one byte off gets lost.
  return Buffer.concat([Buffer.from(head), Buffer.alloc(length + (masked ? 4 : 0), 0x88)])
}

/** Where each frame ends, in bytes. */
const endsOf = (frames: readonly Frame[]): number[] => {
  let at = 0
  return frames.map((frame) => (at += bytesOf(frame).length))
}

const mixed: Frame[] = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000].flatMap((length) => [
  { opcode: 1, length },
  { opcode: 2, length, masked: true },
  { opcode: 9, length: Math.min(length, 125) },
])

it.each([1, 2, 3, 7, 100, 4096, 1_000_000])('R9 knows every end of a frame, in chunks of %i bytes', (size) => {
  const stream = Buffer.concat(mixed.map(bytesOf))
  const follower = new FrameFollower()
  const found: number[] = []
  for (let from = 0; from < stream.length; from += size) {
    const chunk = stream.subarray(from, from + size)
    for (let at = 0; at < chunk.length;) {
      at = follower.follow(chunk, at, true)
      if (follower.betweenFrames) found.push(from + at)
    }
  }
  expect(found).toEqual(endsOf(mixed))
})

it('R9 a whole chunk at once leads to the same state', () => {
  const stream = Buffer.concat(mixed.map(bytesOf))
  const follower = new FrameFollower()
  expect([follower.follow(stream), follower.betweenMessages]).toEqual([stream.length, true])
  follower.follow(Buffer.from([0x81]))
  expect(follower.betweenFrames).toBe(false)
})

it('R9 between the fragments of a message there is room for a control frame only', () => {
  const follower = new FrameFollower()
  const seen = (frame: Frame) => {
    follower.follow(bytesOf(frame))
    return [follower.betweenFrames, follower.betweenMessages]
  }
  expect(seen({ opcode: 1, length: 5, fin: false })).toEqual([true, false])
  expect(seen({ opcode: 9, length: 5 })).toEqual([true, false])
  expect(seen({ opcode: 0, length: 5, fin: false })).toEqual([true, false])
  expect(seen({ opcode: 0, length: 0 })).toEqual([true, true])
})

it('R9 nothing may follow a close frame', () => {
  const follower = new FrameFollower()
  follower.follow(bytesOf({ opcode: 8, length: 2 }))
  expect([follower.closed, follower.betweenFrames]).toEqual([true, false])
})
