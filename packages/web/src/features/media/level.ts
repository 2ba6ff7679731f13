let shared: AudioContext | undefined

/** The page's one audio context; browsers hold it back until somebody has clicked. */
export function audioContext(): AudioContext {
  shared ??= new AudioContext()
  if (shared.state === 'suspended') void shared.resume()
  return shared
}

const readEveryMs = 100

/** Calls `onLevel` ten times a second with how loud a stream is: root mean square, 0 to 1. Returns what stops it. */
export function watchLevel(stream: MediaStream, onLevel: (level: number) => void): () => void {
  const context = audioContext()
  const source = context.createMediaStreamSource(stream)
  const analyser = context.createAnalyser()
  analyser.fftSize = 512
  source.connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    onLevel(rootMeanSquare(samples))
  }, readEveryMs)
  return () => {
    clearInterval(timer)
    source.disconnect()
  }
}

/** 0 for silence, 1 for a full square wave. */
export function rootMeanSquare(samples: Float32Array): number {
  if (samples.length === 0) return 0
  let sum = 0
  for (const sample of samples) sum += sample * sample
  return Math.sqrt(sum / samples.length)
}

/** A level as a bar shows it, 0 to 1, linear in decibels from −55 dB to −10 dB. */
export function meterOf(level: number): number {
  if (level <= 0) return 0
  return Math.min(1, Math.max(0, (20 * Math.log10(level) + 55) / 45))
}

const speaksFrom = 0.02
const silentAfterMs = 700

/** Tells speaking from silence: starts at once, ends a moment after the last sound, so that a ring does not flicker. */
export function createSpeechGate(): (level: number, nowMs: number) => boolean {
  let last = Number.NEGATIVE_INFINITY
  return (level, nowMs) => {
    if (level >= speaksFrom) last = nowMs
    return nowMs - last < silentAfterMs
  }
}
