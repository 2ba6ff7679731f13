import { describe, expect, test } from 'vitest'
import { frameSize, gridOf, stageOf } from './layout.ts'
import { mostTiles, msOfFrame, scenesOf, speechOf } from './scenes.ts'
import { timelineOf, type Piece, type Timeline } from './timeline.ts'

const presence = (participantId: string, fromMs: number, toMs: number) => ({
  participantId,
  name: participantId,
  fromMs,
  toMs,
})
const piece = (participantId: string, kind: Piece['kind'], fromMs: number, toMs: number): Piece => ({
  file: `${participantId}-${kind}`,
  participantId,
  kind,
  startMs: fromMs,
  spans: [{ fromMs, toMs }],
})
const timeline = (durationMs: number, present: Timeline['present'], pieces: Piece[] = []): Timeline => ({
  durationMs,
  present,
  pieces,
  participants: present,
})
const shown = (scenes: ReturnType<typeof scenesOf>) =>
  scenes.map(({ fromFrame, tiles }) => [msOfFrame(fromFrame), tiles.map(({ participantId }) => participantId)])

describe('V3 the time line of a recording', () => {
  const track = (firstAtMs: number, toMs: number) => ({
    file: `${firstAtMs}`,
    participantId: 'a',
    kind: 'audio' as const,
    description: 'mic',
    firstAtUs: firstAtMs * 1_000,
    spans: [{ fromMs: 0, toMs }],
  })
  const lengthOf = (tracks: ReturnType<typeof track>[], lengthMs: number) => {
    const { durationMs, pieces } = timelineOf([{ tracks, startsMs: 0 }], [], lengthMs)
    return [durationMs, pieces.map(({ spans }) => spans.at(-1)?.toMs)]
  }

  test.each([
    ['its last packet, when that comes about then', [track(0, 20_200)], [20_200, [20_200]]],
    ['the stop, when nobody was heard at the end', [track(0, 12_000)], [20_000, [12_000]]],
    [
      'the stop, when Janus could only be told later',
      [track(0, 24_000), track(5_000, 3_000)],
      [20_000, [20_000, 8_000]],
    ],
    ['the stop, without a track that began after it', [track(0, 22_000), track(21_000, 900)], [20_000, [20_000]]],
  ])('ends with %s', (_what, tracks, expected) => expect(lengthOf(tracks, 20_000)).toEqual(expected))
})

describe('V3 scenes of a recording', () => {
  test('begin when somebody comes, leaves, or shares a screen, which is large then', () => {
    const whole = timeline(
      20_000,
      [presence('a', 0, 20_000), presence('b', 5_000, 15_000)],
      [piece('a', 'cam', 0, 20_000), piece('b', 'screen', 8_000, 12_000)],
    )
    const scenes = scenesOf(whole, 'grid', new Map())
    expect(shown(scenes)).toEqual([
      [0, ['a']],
      [5_000, ['a', 'b']],
      [8_000, ['b', 'a', 'b']],
      [12_000, ['a', 'b']],
      [15_000, ['a']],
    ])
    expect(scenes[2]?.tiles[0]?.width).toBeGreaterThan(scenes[2]?.tiles[1]?.width ?? 0)
    expect(scenes.at(-1)?.toFrame).toBe(300)
  })

  test('show whoever speaks, in the layout for that', () => {
    const pieces = [piece('a', 'audio', 0, 10_000), piece('b', 'audio', 0, 10_000)]
    const silences = new Map([
      ['a-audio', [{ fromMs: 4_000, toMs: Number.POSITIVE_INFINITY }]],
      ['b-audio', [{ fromMs: 0, toMs: 6_000 }]],
    ])
    const whole = timeline(10_000, [presence('a', 0, 10_000), presence('b', 0, 10_000)], pieces)
    expect(shown(scenesOf(whole, 'speaker', speechOf(pieces, silences)))).toEqual([
      [0, ['a', 'b']],
      [6_000, ['b', 'a']],
    ])
  })

  test('show 16 people at most: those who spoke of late', () => {
    const ids = Array.from({ length: 20 }, (_, at) => `p${String(at).padStart(2, '0')}`)
    const whole = timeline(
      4_000,
      ids.map((id) => presence(id, 0, 4_000)),
    )
    const [scene] = scenesOf(whole, 'grid', new Map([['p19', [{ fromMs: 0, toMs: 4_000 }]]]))
    expect(scene?.tiles).toHaveLength(mostTiles)
    expect(scene?.tiles.map(({ participantId }) => participantId)).toContain('p19')
  })

  test.each([1, 2, 3, 5, 9, 16])('%s tiles fit into the picture and do not touch', (count) => {
    for (const tiles of [gridOf(count), [stageOf(count).large, ...stageOf(count).small]])
      for (const [at, { x, y, width, height }] of tiles.entries()) {
        expect([x, y, width, height].every((pixels) => pixels % 2 === 0 && pixels >= 0)).toBe(true)
        expect(x + width <= frameSize.width && y + height <= frameSize.height).toBe(true)
        for (const other of tiles.slice(at + 1))
          expect(
            x + width <= other.x || other.x + other.width <= x || y + height <= other.y || other.y + other.height <= y,
          ).toBe(true)
      }
  })
})
