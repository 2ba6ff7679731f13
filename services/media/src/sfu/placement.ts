export interface LoadedJanus {
  id: string
  /** As of its last report. */
  publishers: number
  sessions: number
  /** As of now, so that rooms made in one moment do not all go to the same Janus. */
  rooms: number
}

/** People that a room without publishers so far will have, on average. */
const expectedPerRoom = 4

/** The least loaded; of equal ones the first by name. Null: there is none. */
export function chooseJanus(all: readonly LoadedJanus[]): string | null {
  const best = all.toSorted((one, other) => loadOf(one) - loadOf(other) || (one.id < other.id ? -1 : 1))[0]
  return best?.id ?? null
}

const loadOf = ({ publishers, sessions, rooms }: LoadedJanus): number =>
  Math.max(publishers, sessions / 2) + rooms * expectedPerRoom
