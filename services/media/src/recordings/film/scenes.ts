import type { RecordingLayout } from '@parley/contracts'
import type { Span } from './mjr.ts'
import { gridOf, stageOf, type Rectangle } from './layout.ts'
import { joined, overlaps, type Piece, type Timeline } from './timeline.ts'

/** Pictures a second; 48,000 samples a second divide by it, so that a scene is whole in both. */
export const framesPerSecond = 15

/** Somebody's place in a scene, and the pictures that are shown there. */
export interface Tile extends Rectangle {
  participantId: string
  name: string
  pieces: Piece[]
}

/** A part of the film in which the same people are in the same places. */
export interface Scene {
  fromFrame: number
  toFrame: number
  tiles: Tile[]
  /** The sound of the scene. */
  sounds: Piece[]
}

/** When somebody speaks, by participant id. */
export type Speech = ReadonlyMap<string, readonly Span[]>

/** More people than this are not shown at once. */
export const mostTiles = 16
/** So that a command has a bounded number of inputs, and a fault costs little. */
const longestSceneMs = 30_000
const speechStepMs = 2_000

export const msOfFrame = (frame: number): number => (frame * 1000) / framesPerSecond
const frameOf = (ms: number): number => Math.round((ms * framesPerSecond) / 1000)

/** Whether it matters for the pictures who speaks. */
export const needsSpeech = (timeline: Timeline, layout: RecordingLayout): boolean =>
  layout === 'speaker' || (layout === 'grid' && crowdOf(timeline) > mostTiles)

/** Divides a recording into scenes: one begins when somebody comes, leaves, shares a screen, or (where that matters) speaks. */
export function scenesOf(timeline: Timeline, layout: RecordingLayout, speech: Speech): Scene[] {
  const frames = boundariesOf(timeline, needsSpeech(timeline, layout))
  const scenes: Scene[] = []
  let speaker: string | undefined
  for (const [index, fromFrame] of frames.slice(0, -1).entries()) {
    const toFrame = frames[index + 1] ?? fromFrame
    const span = { fromMs: msOfFrame(fromFrame), toMs: msOfFrame(toFrame) }
    const sounds = within(timeline.pieces, span, 'audio')
    if (layout === 'audio') {
      scenes.push({ fromFrame, toFrame, tiles: [], sounds })
      continue
    }
    const there = participantsIn(timeline, span)
    speaker = speakerOf(there, span, speech) ?? there.find((id) => id === speaker) ?? there[0]
    scenes.push({ fromFrame, toFrame, tiles: tilesOf({ timeline, layout, span, there, speaker, speech }), sounds })
  }
  return merged(scenes)
}

function boundariesOf({ durationMs, present, pieces }: Timeline, bySpeech: boolean): number[] {
  const end = frameOf(durationMs)
  const frames = new Set([0, end])
  const screens = pieces.filter(({ kind }) => kind === 'screen').flatMap(({ spans }) => spans)
  for (const { fromMs, toMs } of [...present, ...screens]) frames.add(frameOf(fromMs)).add(frameOf(toMs))
  const step = bySpeech ? speechStepMs : longestSceneMs
  for (let ms = step; ms < durationMs; ms += step) frames.add(frameOf(ms))
  return [...frames].filter((frame) => frame >= 0 && frame <= end).toSorted((a, b) => a - b)
}

/** The people present, in the order of their coming. */
const participantsIn = ({ present }: Timeline, span: Span): string[] => [
  ...new Set(present.filter((presence) => overlaps(presence, span)).map(({ participantId }) => participantId)),
]

function crowdOf(timeline: Timeline): number {
  return Math.max(0, ...timeline.present.map((presence) => participantsIn(timeline, presence).length))
}

const within = (pieces: readonly Piece[], span: Span, kind: Piece['kind']): Piece[] =>
  pieces.filter((piece) => piece.kind === kind && piece.spans.some((one) => overlaps(one, span)))

/** Milliseconds of speech in a span. */
const speechIn = (speech: Speech, id: string, { fromMs, toMs }: Span): number =>
  (speech.get(id) ?? []).reduce(
    (sum, one) => sum + Math.max(0, Math.min(one.toMs, toMs) - Math.max(one.fromMs, fromMs)),
    0,
  )

/** The person who speaks for more than a quarter of the span, and longer than the others. */
function speakerOf(there: readonly string[], span: Span, speech: Speech): string | undefined {
  const [first] = there.map((id) => ({ id, ms: speechIn(speech, id, span) })).toSorted((a, b) => b.ms - a.ms)
  return first !== undefined && first.ms * 4 > span.toMs - span.fromMs ? first.id : undefined
}

interface Choice {
  timeline: Timeline
  layout: RecordingLayout
  span: Span
  there: string[]
  speaker: string | undefined
  speech: Speech
}

/** A shared screen, or in the layout `speaker` whoever speaks, is large; the others, or in a grid all, are alike. */
function tilesOf({ timeline, layout, span, there, speaker, speech }: Choice): Tile[] {
  const names = new Map(timeline.present.map(({ participantId, name }) => [participantId, name]))
  const tile = (participantId: string, place: Rectangle, kind: 'cam' | 'screen'): Tile => ({
    ...place,
    participantId,
    name: names.get(participantId) ?? '',
    pieces: within(timeline.pieces, span, kind).filter((piece) => piece.participantId === participantId),
  })
  const screen = within(timeline.pieces, span, 'screen').at(-1)?.participantId
  const large = screen ?? (layout === 'speaker' ? speaker : undefined)
  const others = chosen(screen === undefined ? there.filter((id) => id !== large) : there, { span, speech })
  if (large === undefined) return gridOf(others.length).flatMap((place, at) => tileAt(others, at, place))
  const stage = stageOf(others.length)
  return [
    tile(large, stage.large, screen === undefined ? 'cam' : 'screen'),
    ...stage.small.flatMap((place, at) => tileAt(others, at, place)),
  ]
  function tileAt(ids: readonly string[], at: number, place: Rectangle): Tile[] {
    const id = ids[at]
    return id === undefined ? [] : [tile(id, place, 'cam')]
  }
}

const spokeLatelyMs = 30_000

/** At most 16: those who spoke most of late, in the order of their coming. */
function chosen(ids: readonly string[], { span, speech }: Pick<Choice, 'span' | 'speech'>): string[] {
  if (ids.length <= mostTiles) return [...ids]
  const lately = { fromMs: span.fromMs - spokeLatelyMs, toMs: span.toMs }
  const shown = new Set(
    ids.toSorted((a, b) => speechIn(speech, b, lately) - speechIn(speech, a, lately)).slice(0, mostTiles),
  )
  return ids.filter((id) => shown.has(id))
}

/** Scenes that show the same, as one, as long as that is not too long. */
function merged(scenes: readonly Scene[]): Scene[] {
  const result: Scene[] = []
  for (const scene of scenes) {
    const last = result.at(-1)
    const fits = last !== undefined && msOfFrame(scene.toFrame - last.fromFrame) <= longestSceneMs
    if (!fits || !sameTiles(last.tiles, scene.tiles)) result.push(scene)
    else {
      result[result.length - 1] = {
        fromFrame: last.fromFrame,
        toFrame: scene.toFrame,
        tiles: scene.tiles.map((tile, at) => ({ ...tile, pieces: union(last.tiles[at]?.pieces ?? [], tile.pieces) })),
        sounds: union(last.sounds, scene.sounds),
      }
    }
  }
  return result
}

const union = (a: readonly Piece[], b: readonly Piece[]): Piece[] => [...new Set([...a, ...b])]

const sameTiles = (a: readonly Tile[], b: readonly Tile[]): boolean =>
  a.length === b.length &&
  a.every((tile, at) => tile.participantId === b[at]?.participantId && tile.x === b[at].x && tile.width === b[at].width)

/** When somebody speaks: all that is not silent. */
export function speechOf(pieces: readonly Piece[], silences: ReadonlyMap<string, readonly Span[]>): Speech {
  const speech = new Map<string, Span[]>()
  for (const piece of pieces) {
    if (piece.kind !== 'audio') continue
    const loud = piece.spans.flatMap((span) => without(span, silences.get(piece.file) ?? []))
    speech.set(piece.participantId, joined([...(speech.get(piece.participantId) ?? []), ...loud], 0))
  }
  return speech
}

function without(span: Span, silences: readonly Span[]): Span[] {
  let rest = [span]
  for (const silence of silences)
    rest = rest.flatMap((one) =>
      overlaps(one, silence)
        ? [
            { fromMs: one.fromMs, toMs: silence.fromMs },
            { fromMs: silence.toMs, toMs: one.toMs },
          ].filter(({ fromMs, toMs }) => toMs > fromMs)
        : [one],
    )
  return rest
}
