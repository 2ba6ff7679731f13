import { audioContext } from '../media/level.ts'

/** Notes of each sound in hertz, one after the other. */
const notes = { join: [523, 784], knock: [392, 392, 523], chat: [880] } as const
const noteSeconds = 0.11
const loudness = 0.06

/** A short, quiet sound. Nothing is heard until the browser lets the page sound, after a click. */
export function playSound(which: keyof typeof notes): void {
  const context = audioContext()
  for (const [index, frequency] of notes[which].entries()) {
    const from = context.currentTime + index * noteSeconds
    const oscillator = new OscillatorNode(context, { type: 'sine', frequency })
    const gain = new GainNode(context, { gain: 0 })
    gain.gain.setValueAtTime(0, from)
    gain.gain.linearRampToValueAtTime(loudness, from + 0.015)
    gain.gain.exponentialRampToValueAtTime(0.001, from + noteSeconds * 1.6)
    oscillator.connect(gain).connect(context.destination)
    oscillator.start(from)
    oscillator.stop(from + noteSeconds * 1.7)
  }
}
