export interface LoadedJanus {
  id: string
  /** As of its last report. */
  publishers: number
  /** Media that come in or go out. */
  streams: number
  /** Both directions together. */
  kbps: number
  /** Percent of a core; null: not known. */
  cpuPercent: number | null
  /** As of now, so that rooms made in one moment do not all go to the same Janus. */
  rooms: number
}

/** People that a room without publishers so far will have, on average. */
const expectedPerRoom = 4
/**
 * Work of a Janus, percent of a core. Measured: 128 streams of small pictures took 20 % (docs/operation/sizing.md), a packet about 40 µs
 * (`npm run bench -- sfu`).
 */
const perStream = 0.15
const perMegabit = 0.5
/** Each publisher of a usual room sends two media and receives those of the others. */
const perPublisher = 2 * expectedPerRoom * perStream

/** The least loaded; of equal ones the first by name. Null: there is none. */
export function chooseJanus(all: readonly LoadedJanus[]): string | null {
  const best = all.toSorted((one, other) => loadOf(one) - loadOf(other) || (one.id < other.id ? -1 : 1))[0]
  return best?.id ?? null
}

/**
 * Percent of a core: the largest that one figure tells of, and the share of its rooms. One figure may lag behind: the CPU is an average of
 * seconds, streams are asked a few at a time.
 */
const loadOf = ({ publishers, streams, kbps, cpuPercent, rooms }: LoadedJanus): number =>
  Math.max(publishers * perPublisher, streams * perStream, (kbps / 1_000) * perMegabit, cpuPercent ?? 0) +
  rooms * expectedPerRoom * perPublisher
