/**
 * The data that two SDKs exchange in `rtc.signal`. The server does not look inside, so this is our own format, and what comes is
 * another participant's word: `readSignal` believes nothing.
 */
export interface SignalData {
  /** Generation of the sender's peer connection. The higher one wins: whoever has a lower one starts anew. */
  g?: number
  /** Counts the signals of one generation; one that comes twice is dropped. */
  n?: number
  description?: { type: 'offer' | 'answer'; sdp: string }
  candidate?: RTCIceCandidateInit
  /** Which track is what; sent with each description. */
  streams?: StreamNames
  /** The polite side asks for its turn to offer. */
  ask?: true
  /** The turn is yours. */
  yours?: true
}

/** By the `mid`s of the description that it comes with. */
export interface StreamNames {
  camera: string[]
  screen: string[]
}

const maxGeneration = 1_000_000_000
const maxSdp = 64_000

/** The signal in `data`; null if it is not one. */
export function readSignal(data: unknown): SignalData | null {
  if (!isRecord(data)) return null
  const signal: SignalData = {}
  if (isCount(data['g'])) signal.g = data['g']
  if (isCount(data['n'])) signal.n = data['n']
  if (isDescription(data['description']))
    signal.description = { type: data['description'].type, sdp: data['description'].sdp }
  const { candidate, streams } = data
  if (isRecord(candidate) && typeof candidate['candidate'] === 'string') signal.candidate = candidate
  if (isRecord(streams)) signal.streams = { camera: midsOf(streams['camera']), screen: midsOf(streams['screen']) }
  if (data['ask'] === true) signal.ask = true
  if (data['yours'] === true) signal.yours = true
  return signal
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maxGeneration
const isDescription = (value: unknown): value is { type: 'offer' | 'answer'; sdp: string } =>
  isRecord(value) &&
  (value['type'] === 'offer' || value['type'] === 'answer') &&
  typeof value['sdp'] === 'string' &&
  value['sdp'].length <= maxSdp
const midsOf = (value: unknown): string[] =>
  Array.isArray(value)
    ? value.slice(0, 8).filter((mid): mid is string => typeof mid === 'string' && mid.length <= 16)
    : []
