import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ffmpeg, type Means } from './convert.ts'
import { frameSize } from './layout.ts'
import { framesPerSecond, msOfFrame, type Scene, type Tile } from './scenes.ts'
import { overlaps, type Piece } from './timeline.ts'

const samplesPerSecond = 48_000
const fontSize = 20
const colour = { page: '0x111418', tile: '0x2b3036' }

/** An input of ffmpeg: a piece from where the scene begins, or later. */
interface Input {
  args: string[]
  /** Seconds after the beginning of the scene at which the input begins. */
  delay: number
}

/** Renders one scene into a file of its own: VP8 if there are pictures, and sound as it is. Both are whole to the sample. */
export async function renderScene(scene: Scene, at: number, { pictures, ...means }: Means & { pictures: boolean }) {
  const file = join(means.folder, `scene-${at}.mkv`)
  const frames = scene.toFrame - scene.fromFrame
  const graph = new Graph(scene)
  const sound = soundOf(graph, scene, (frames * samplesPerSecond) / framesPerSecond)
  const picture = pictures ? await pictureOf(graph, scene, { ...means, at }) : null
  const script = join(means.folder, `scene-${at}.txt`)
  await writeFile(script, graph.filters.join(';\n'))
  const encoder = [
    '-deadline',
    'realtime',
    '-cpu-used',
    '8',
    '-b:v',
    '1500k',
    '-g',
    `${framesPerSecond * 5}`,
    '-auto-alt-ref',
    '0',
  ]
  const video = picture === null ? [] : ['-map', picture, '-frames:v', `${frames}`, '-c:v', 'libvpx', ...encoder]
  const threads = ['-threads', `${means.threads}`]
  const filters = ['-filter_complex_threads', `${means.threads}`, '-filter_complex_script', script]
  await ffmpeg([...graph.inputs, ...filters, ...video, ...threads, '-map', sound, '-c:a', 'pcm_s16le', file], means)
  return { file, seconds: frames / framesPerSecond }
}

/** Filters of ffmpeg, and the inputs that they read. */
class Graph {
  readonly inputs: string[] = []
  readonly filters: string[] = []
  readonly #scene: { fromMs: number; toMs: number }
  #count = 0

  constructor({ fromFrame, toFrame }: Scene) {
    this.#scene = { fromMs: msOfFrame(fromFrame), toMs: msOfFrame(toFrame) }
  }

  get seconds(): number {
    return (this.#scene.toMs - this.#scene.fromMs) / 1000
  }

  /** Opens a piece for this scene; gives the number of the input. */
  open(piece: Piece): { number: number; delay: number } {
    const { args, delay } = inputOf(piece, this.#scene.fromMs, this.seconds)
    this.inputs.push(...args)
    return { number: this.#count++, delay }
  }

  /** When a piece is to be shown, in seconds of the scene. */
  shown({ spans }: Piece): string {
    const { fromMs } = this.#scene
    return spans
      .filter((span) => overlaps(span, this.#scene))
      .map(
        (span) =>
          `between(t,${(span.fromMs - fromMs) / 1000 - 0.001},${(span.toMs - fromMs) / 1000 + 0.5 / framesPerSecond})`,
      )
      .join('+')
  }
}

function inputOf({ file, startMs, kind }: Piece, fromMs: number, seconds: number): Input {
  const skip = Math.max(0, (fromMs - startMs) / 1000)
  // Opus needs 80 ms to find its tone (RFC 7845, section 4.6); pictures the one before.
  const early = Math.min(skip, kind === 'audio' ? 0.08 : 1 / framesPerSecond)
  const delay = Math.max(0, (startMs - fromMs) / 1000) - early
  return { args: ['-ss', `${skip - early}`, '-t', `${seconds + 0.2}`, '-i', file], delay }
}

/** All that is heard, as loud as it was, limited; silence where there is nothing. */
function soundOf(graph: Graph, { sounds }: Scene, samples: number): string {
  const layout = `aformat=sample_fmts=fltp:sample_rates=${samplesPerSecond}:channel_layouts=stereo`
  graph.filters.push(`anullsrc=r=${samplesPerSecond}:cl=stereo:d=${graph.seconds},${layout}[s0]`)
  const labels = sounds.map((piece, at) => {
    const { number, delay } = graph.open(piece)
    const place = `asetpts=PTS+(${delay})/TB,aresample=${samplesPerSecond}:async=1:min_hard_comp=0.02:first_pts=0`
    graph.filters.push(`[${number}:a]${place},${layout}[s${at + 1}]`)
    return `[s${at + 1}]`
  })
  const mix = `amix=inputs=${labels.length + 1}:normalize=0:duration=longest,alimiter=limit=0.95:level=0`
  graph.filters.push(`[s0]${labels.join('')}${mix},apad,atrim=end_sample=${samples}[sound]`)
  return '[sound]'
}

async function pictureOf(
  graph: Graph,
  { tiles }: Scene,
  { folder, at }: { folder: string; at: number },
): Promise<string> {
  const { width, height } = frameSize
  const names = await Promise.all(tiles.map((tile, index) => nameFile(tile, join(folder, `scene-${at}-${index}.name`))))
  const page = `color=c=${colour.page}:s=${width}x${height}:r=${framesPerSecond}:d=${graph.seconds + 1},format=yuv420p`
  graph.filters.push([page, ...tiles.flatMap((tile, index) => cardOf(tile, names[index] ?? ''))].join(',') + '[p0]')
  let shown = 0
  for (const tile of tiles)
    for (const piece of tile.pieces) {
      const { number, delay } = graph.open(piece)
      const size = `scale=${tile.width}:${tile.height},setsar=1`
      graph.filters.push(`[${number}:v]setpts=PTS+(${delay})/TB,${size}[v${shown}]`)
      const place = `overlay=${tile.x}:${tile.y}:eof_action=repeat:enable='${graph.shown(piece)}'`
      graph.filters.push(`[p${shown}][v${shown}]${place}[p${shown + 1}]`)
      shown += 1
    }
  const labels = tiles.map((tile, index) => labelOf(tile, names[index] ?? ''))
  graph.filters.push(`[p${shown}]${[...labels, 'format=yuv420p'].join(',')}[picture]`)
  return '[picture]'
}

/** Names are given to ffmpeg in files: nothing in them is read as anything but text. */
async function nameFile({ name }: Tile, file: string): Promise<string> {
  await writeFile(file, name.replaceAll(/\p{C}/gu, ' ').slice(0, 60))
  return file
}

const text = (file: string, options: string): string =>
  `drawtext=textfile='${file}':expansion=none:font=Sans:fontcolor=white:${options}`

/** The picture of a participant without a camera. */
const cardOf = ({ x, y, width, height }: Tile, name: string): string[] => [
  `drawbox=x=${x + 2}:y=${y + 2}:w=${width - 4}:h=${height - 4}:color=${colour.tile}:t=fill`,
  text(
    name,
    `fontsize=${Math.max(fontSize, Math.round(height / 12))}:x=${x + width / 2}-tw/2:y=${y + height / 2}-th/2`,
  ),
]

const labelOf = ({ x, y, height }: Tile, name: string): string =>
  text(name, `fontsize=${fontSize}:x=${x + 10}:y=${y + height - 10}-th:box=1:boxcolor=black@0.5:boxborderw=5`)
