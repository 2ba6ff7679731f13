import { join } from 'node:path'
import type { Logger } from '@parley/kit'
import { framesPerSecond } from './scenes.ts'
import type { Span } from './mjr.ts'
import type { Piece } from './timeline.ts'
import { run, type RunOptions } from './run.ts'
import type { Rectangle } from './layout.ts'

/** How many threads a command may have. */
export interface Means extends RunOptions {
  threads: number
  folder: string
  log: Logger
}

export const ffmpeg = (args: readonly string[], means: Means) =>
  run('ffmpeg', ['-nostdin', '-hide_banner', '-loglevel', 'error', '-y', ...args], means)

/**
 * Puts the packets of a track in order and into a file that ffmpeg reads; its time 0 is that of the first packet, and pauses stay
 * pauses. Null for a track of which nothing can be made, such as a picture whose first key frame was lost.
 */
export async function unpacked(piece: Piece, at: number, means: Means): Promise<Piece | null> {
  const file = join(means.folder, piece.kind === 'audio' ? `${at}.opus` : `${at}.webm`)
  try {
    await run('janus-pp-rec', ['--disable-colors', '--debug-level=2', piece.file, file], means)
    return { ...piece, file }
  } catch (err) {
    if (means.signal.aborted) throw err
    means.log.warn({ err, track: piece.file }, 'a track of a recording cannot be read, it is left out')
    return null
  }
}

/**
 * The pictures of a track in one size and at a steady rate: a camera changes both at any time, and ffmpeg would begin a whole scene anew.
 * A key picture each second, so that a scene begins anywhere at once.
 */
export async function steadied(piece: Piece, { width, height }: Pick<Rectangle, 'width' | 'height'>, means: Means) {
  const file = piece.file.replace(/\.webm$/, '.mkv')
  const fit = `scale=${width}:${height}:force_original_aspect_ratio=decrease:force_divisible_by=2`
  const filter = `fps=${framesPerSecond}:start_time=0,${fit},pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2,setsar=1`
  const codec = [
    '-c:v',
    'mpeg4',
    '-q:v',
    '3',
    '-g',
    String(framesPerSecond),
    '-bf',
    '0',
    '-threads',
    `${means.threads}`,
  ]
  await ffmpeg(
    ['-threads', `${means.threads}`, '-i', piece.file, '-an', '-vf', filter, '-pix_fmt', 'yuv420p', ...codec, file],
    means,
  )
  return { ...piece, file }
}

const silence = /silence_(?<edge>start|end): (?<seconds>-?[\d.]+)/g

/** When nothing is to be heard for half a second, in the time of the recording. */
export async function silencesOf(piece: Piece, means: Means): Promise<Span[]> {
  const filter = 'aresample=async=1:first_pts=0,silencedetect=noise=-45dB:d=0.5'
  const args = ['-nostdin', '-hide_banner', '-loglevel', 'info', '-nostats', '-i', piece.file, '-af', filter]
  const { stderr } = await run('ffmpeg', [...args, '-f', 'null', '-'], { ...means, keep: silenceLines })
  const spans: Span[] = []
  for (const { groups } of stderr.matchAll(silence)) {
    const atMs = piece.startMs + Number(groups?.['seconds']) * 1000
    const last = spans.at(-1)
    if (groups?.['edge'] === 'start') spans.push({ fromMs: atMs, toMs: Number.POSITIVE_INFINITY })
    else if (last !== undefined) last.toMs = atMs
  }
  return spans
}

/** An hour of talk has some thousand pauses. */
const silenceLines = 4_000_000
