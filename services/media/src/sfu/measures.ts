import type { Metrics } from '@parley/kit'
import type { JanusKeeper } from './janus-keeper.ts'
import type { JanusLoad } from './servers-store.ts'
import type { JanusConnection } from './sfu-rooms.ts'

interface Measured {
  connections: ReadonlyMap<string, JanusConnection>
  keepers: ReadonlyMap<string, JanusKeeper>
}

/** Metrics of the SFU. The replica that keeps a Janus tells its load, so each Janus appears once. */
export function measureJanus(metrics: Metrics, { connections, keepers }: Measured): void {
  metrics.reading('parley_media_sfu_rooms', 'Rooms at Janus that this replica keeps', () =>
    [...keepers.values()].reduce((sum, keeper) => sum + keeper.rooms, 0),
  )
  metrics.reading(
    'parley_media_janus_links',
    'Janus that this replica has a session with',
    () => [...connections.values()].filter(({ link }) => link.up).length,
  )
  const read = (name: string, help: string, of: (load: JanusLoad) => number | null) =>
    metrics.readings(`parley_media_janus_${name}`, help, 'janus', async () => {
      const all = [...keepers].map(([id, { load }]) => [id, load === null ? null : of(load)] as const)
      return Object.fromEntries(all.filter((one): one is readonly [string, number] => one[1] !== null))
    })
  read('sessions', 'Sessions of a Janus', ({ sessions }) => sessions)
  read('publishers', 'People who publish at a Janus', ({ publishers }) => publishers)
  read('streams', 'Media that a Janus receives or sends', ({ streams }) => streams)
  read('bytes_per_second', 'Media that a Janus receives and sends, bytes per second', ({ kbps }) => kbps * 125)
  read('cpu_cores', 'Cores that a Janus uses, where that is known', ({ cpuPercent }) =>
    cpuPercent === null ? null : cpuPercent / 100,
  )
}
