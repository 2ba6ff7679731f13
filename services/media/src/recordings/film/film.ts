import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { RecordingLayout } from '@parley/contracts'
import { ffmpeg, silencesOf, steadied, unpacked, type Means } from './convert.ts'
import { readTracks, type Span } from './mjr.ts'
import { renderScene } from './render.ts'
import { needsSpeech, scenesOf, speechOf, type Scene, type Speech } from './scenes.ts'
import { timelineOf, type Piece, type Presence, type Stay, type Timeline } from './timeline.ts'

export interface Footage {
  /** Folders of what each Janus has recorded, in order, and when each began: before 0 what came before the recording was told. */
  parts: readonly { folder: string; startsMs: number }[]
  stays: readonly Stay[]
  layout: RecordingLayout
  /** From its first media to its end by the clock of the service; it counts where nothing came at the end. */
  lengthMs: number
}

export interface Film {
  file: string
  contentType: 'video/webm' | 'audio/webm'
  durationMs: number
  sizeBytes: number
  sha256: string
  participants: Presence[]
}

/**
 * Makes one file that browsers play and seek out of what Janus has recorded; null if that is nothing. Works in `folder`, one command
 * after the other. The people who are shown bound the memory and the inputs of a command. The length does not.
 * @throws CommandError
 */
export async function makeFilm({ parts, stays, layout, lengthMs }: Footage, means: Means): Promise<Film | null> {
  const recorded = await Promise.all(
    parts.map(async ({ folder, startsMs }) => ({ startsMs, tracks: await readTracks(folder) })),
  )
  const whole = timelineOf(
    recorded.filter(({ tracks }) => tracks.length > 0),
    stays,
    lengthMs,
  )
  const heard = layout === 'audio' ? whole.pieces.filter(({ kind }) => kind === 'audio') : whole.pieces
  const timeline = { ...whole, pieces: await unpackAll(heard, means) }
  if (timeline.pieces.length === 0) return null
  const speech = needsSpeech(timeline, layout) ? await listen(timeline.pieces, means) : new Map()
  const scenes = await steadyAll(scenesOf(timeline, layout, speech), means)
  const pictures = layout !== 'audio'
  const file = await concatenated(await renderAll(scenes, { ...means, pictures }), { ...means, pictures })
  const [{ size }, sha256] = [await stat(file), await hashOf(file)]
  const { durationMs, participants } = timeline
  const contentType = pictures ? 'video/webm' : 'audio/webm'
  return { file, contentType, durationMs, sizeBytes: size, sha256, participants }
}

async function unpackAll(pieces: readonly Piece[], means: Means): Promise<Piece[]> {
  const result: Piece[] = []
  for (const [at, piece] of pieces.entries()) {
    const made = await unpacked(piece, at, means)
    if (made !== null) result.push(made)
  }
  return result
}

async function listen(pieces: Timeline['pieces'], means: Means): Promise<Speech> {
  const silences = new Map<string, Span[]>()
  for (const piece of pieces) if (piece.kind === 'audio') silences.set(piece.file, await silencesOf(piece, means))
  return speechOf(pieces, silences)
}

/** Each piece once, in the largest size that it is shown in; what came between is not needed any more. */
async function steadyAll(scenes: readonly Scene[], means: Means): Promise<Scene[]> {
  const largest = new Map<Piece, { width: number; height: number }>()
  for (const { pieces, width, height } of scenes.flatMap(({ tiles }) => tiles))
    for (const piece of pieces) if (width > (largest.get(piece)?.width ?? 0)) largest.set(piece, { width, height })
  const steady = new Map<Piece, Piece>()
  for (const [piece, size] of largest) {
    steady.set(piece, await steadied(piece, size, means))
    await rm(piece.file)
  }
  return scenes.map((scene) => ({
    ...scene,
    tiles: scene.tiles.map((tile) => ({ ...tile, pieces: tile.pieces.flatMap((piece) => steady.get(piece) ?? []) })),
  }))
}

async function renderAll(scenes: readonly Scene[], means: Means & { pictures: boolean }) {
  const rendered: { file: string; seconds: number }[] = []
  for (const [at, scene] of scenes.entries()) rendered.push(await renderScene(scene, at, means))
  return rendered
}

/** Scenes one after the other, pictures as they are; the index is at the front, so that a browser seeks at once. */
async function concatenated(
  scenes: readonly { file: string; seconds: number }[],
  means: Means & { pictures: boolean },
) {
  const list = join(means.folder, 'scenes.txt')
  const file = join(means.folder, 'film.webm')
  await writeFile(
    list,
    [
      'ffconcat version 1.0',
      ...scenes.flatMap(({ file: name, seconds }) => [`file '${name}'`, `duration ${seconds}`]),
    ].join('\n'),
  )
  const video = means.pictures ? ['-c:v', 'copy'] : ['-vn']
  const audio = ['-c:a', 'libopus', '-b:a', '64k', '-threads', `${means.threads}`]
  await ffmpeg(
    ['-f', 'concat', '-safe', '0', '-i', list, ...video, ...audio, '-cues_to_front', '1', '-f', 'webm', file],
    means,
  )
  return file
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
