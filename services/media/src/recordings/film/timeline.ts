import type { RecordedTrack, Span } from './mjr.ts'

/** The tracks that one Janus recorded in one go: its tracks share a clock. */
export interface Part {
  tracks: readonly RecordedTrack[]
  /** When its first media came, in the time of the recording; by the clock of the service, for each Janus has its own. */
  startsMs: number
}

/** Somebody in the room while it was recorded, as the service saw it: good to a second or two. */
export interface Stay extends Span {
  participantId: string
  name: string
}

/** A track in the time of the recording. */
export interface Piece {
  file: string
  participantId: string
  kind: 'audio' | 'cam' | 'screen'
  /** Where its own time 0 is. */
  startMs: number
  /** When there is media. */
  spans: Span[]
}

/** Somebody in the recording. */
export interface Presence extends Span {
  participantId: string
  name: string
}

export interface Timeline {
  durationMs: number
  pieces: Piece[]
  /** When each was heard or seen; in order of their first. */
  participants: Presence[]
  /** The same, and for as long as they stayed in the room after their last packet. */
  present: Presence[]
}

/** Less than this is the way of the last packets: neither silence, nor what came after the end. */
const nearEndMs = 1_000

/** Somebody who is away for less was there all the time. */
const absenceMs = 3_000

/** Puts tracks on one time line: each part by the clock of its own Janus, so that clocks are never mixed. */
export function timelineOf(parts: readonly Part[], stays: readonly Stay[], lengthMs: number): Timeline {
  const pieces: Piece[] = []
  let end = 0
  for (const { tracks, startsMs } of parts) {
    const first = Math.min(...tracks.map(({ firstAtUs }) => firstAtUs))
    const offset = pieces.length === 0 ? startsMs : Math.max(startsMs, end)
    for (const track of tracks) {
      const piece = pieceOf(track, offset + (track.firstAtUs - first) / 1000)
      if (piece.spans.length > 0) pieces.push(piece)
      end = Math.max(end, piece.spans.at(-1)?.toMs ?? 0)
    }
  }
  const isNear = Math.abs(lengthMs - end) <= nearEndMs
  const durationMs = isNear ? Math.round(end) : lengthMs
  // A Janus that nobody could tell of the end in time has recorded on.
  const kept = end > durationMs ? pieces.flatMap((piece) => upTo(piece, durationMs)) : pieces
  const participants = presencesOf(kept, namesOf(stays))
  return {
    durationMs,
    pieces: kept,
    participants,
    present: participants.flatMap((presence) => stayOf(presence, stays, durationMs)),
  }
}

function pieceOf({ file, participantId, kind, description, spans }: RecordedTrack, startMs: number): Piece {
  const shifted = spans
    .map(({ fromMs, toMs }) => ({ fromMs: startMs + fromMs, toMs: startMs + toMs }))
    .filter(({ toMs }) => toMs >= 0)
    .map(({ fromMs, toMs }) => ({ fromMs: Math.max(0, fromMs), toMs }))
  const seen = description === 'screen' ? 'screen' : 'cam'
  return { file, participantId, kind: kind === 'audio' ? 'audio' : seen, startMs, spans: shifted }
}

function upTo(piece: Piece, endMs: number): Piece[] {
  const spans = piece.spans
    .filter(({ fromMs }) => fromMs < endMs)
    .map(({ fromMs, toMs }) => ({ fromMs, toMs: Math.min(toMs, endMs) }))
  return spans.length === 0 ? [] : [{ ...piece, spans }]
}

/** The newest name of each. */
const namesOf = (stays: readonly Stay[]): Map<string, string> =>
  new Map(stays.map(({ participantId, name }) => [participantId, name]))

function presencesOf(pieces: readonly Piece[], names: ReadonlyMap<string, string>): Presence[] {
  const byParticipant = new Map<string, Span[]>()
  for (const { participantId, spans } of pieces)
    byParticipant.set(participantId, [...(byParticipant.get(participantId) ?? []), ...wholeOf(spans)])
  return [...byParticipant]
    .flatMap(([participantId, spans]) =>
      joined(spans, absenceMs).map((span) => ({
        participantId,
        name: names.get(participantId) ?? '',
        ...rounded(span),
      })),
    )
    .toSorted((a, b) => a.fromMs - b.fromMs)
}

/** A track is there from its first packet to its last: what is muted meanwhile has not left. */
function wholeOf(spans: readonly Span[]): Span[] {
  const [first, last] = [spans[0], spans.at(-1)]
  return first && last ? [{ fromMs: first.fromMs, toMs: last.toMs }] : []
}

/** Until the next time they came, or the end of the stay in which they were last heard or seen. */
function stayOf(presence: Presence, stays: readonly Stay[], durationMs: number): Presence[] {
  const stay = stays.find(
    ({ participantId, fromMs, toMs }) =>
      participantId === presence.participantId && fromMs <= presence.toMs && toMs > presence.toMs,
  )
  return [{ ...presence, toMs: Math.min(durationMs, Math.max(presence.toMs, stay?.toMs ?? 0)) }]
}

const rounded = ({ fromMs, toMs }: Span): Span => ({ fromMs: Math.round(fromMs), toMs: Math.round(toMs) })

/** Spans in order, those that overlap or are less than `gapMs` apart as one. */
export function joined(spans: readonly Span[], gapMs: number): Span[] {
  const result: Span[] = []
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = result.at(-1)
    if (last !== undefined && span.fromMs - last.toMs <= gapMs) last.toMs = Math.max(last.toMs, span.toMs)
    else result.push({ ...span })
  }
  return result
}

export const overlaps = (a: Span, b: Span): boolean => a.fromMs < b.toMs && b.fromMs < a.toMs
