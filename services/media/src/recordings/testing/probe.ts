import { execFileSync } from 'node:child_process'

const run = (command: string, args: readonly string[]): Buffer =>
  execFileSync(command, args, { maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'pipe'] })

export interface Probe {
  durationMs: number
  /** Codecs by stream. */
  codecs: string[]
  width: number | undefined
}

export function probe(file: string): Probe {
  const text = run('ffprobe', ['-v', 'error', '-show_format', '-show_streams', '-of', 'json', file]).toString()
  const { format, streams } = JSON.parse(text) as {
    format: { duration: string }
    streams: { codec_name: string; width?: number }[]
  }
  return {
    durationMs: Number(format.duration) * 1000,
    codecs: streams.map(({ codec_name: name }) => name),
    width: streams.find(({ width }) => width !== undefined)?.width,
  }
}

export interface Colours {
  red: number
  green: number
  blue: number
}

/** How many of 1,000 parts of the picture at a time are plainly red, green or blue. */
export function coloursAt(file: string, seconds: number): Colours {
  const picture = ['-ss', String(seconds), '-i', file, '-frames:v', '1', '-vf', 'scale=80:45']
  const raw = run('ffmpeg', ['-v', 'error', ...picture, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'])
  const counts = { red: 0, green: 0, blue: 0 }
  for (let at = 0; at + 2 < raw.length; at += 3) {
    const [red = 0, green = 0, blue = 0] = raw.subarray(at, at + 3)
    if (red > green + 70 && red > blue + 70) counts.red += 1
    else if (green > red + 70 && green > blue + 70) counts.green += 1
    else if (blue > red + 70 && blue > green + 70) counts.blue += 1
  }
  const part = (count: number) => Math.round((count * 1000) / (raw.length / 3))
  return { red: part(counts.red), green: part(counts.green), blue: part(counts.blue) }
}

/** Whether a tone is to be heard in a second that begins there: its mean volume within 60 Hz is above −50 dB. */
export function hears(file: string, fromSeconds: number, hz: number): boolean {
  return volume(file, fromSeconds, `bandpass=f=${hz}:width_type=h:w=60,bandpass=f=${hz}:width_type=h:w=60`) > -50
}

/** Mean volume in dB of half a second after a filter. */
function volume(file: string, fromSeconds: number, filter = 'anull'): number {
  const script = 'exec "$0" "$@" 2>&1'
  const args = ['-hide_banner', '-nostats', '-ss', String(fromSeconds), '-t', '0.5', '-i', file, '-vn']
  const text = run('sh', [
    '-c',
    script,
    'ffmpeg',
    ...args,
    '-af',
    `${filter},volumedetect`,
    '-f',
    'null',
    '-',
  ]).toString()
  return Number(/mean_volume: (-?[\d.]+|-inf) dB/.exec(text)?.[1]?.replace('-inf', '-91') ?? Number.NaN)
}
