import { steerNode, type Kv, type Logger, type Poller } from '@parley/kit'
import { countRooms, type SfuDb } from './rooms-store.ts'
import { readServer, setDraining } from './servers-store.ts'
import type { JanusConnection } from './sfu-rooms.ts'

/** Shows operators a Janus, and takes their orders for it. Each replica does so: orders may be carried out twice. */
export const steerJanus = (
  { db, kv, log }: { db: SfuDb; kv: Kv; log: Logger },
  { id, url }: Pick<JanusConnection, 'id' | 'url'>,
): Poller =>
  steerNode(kv, {
    kind: 'janus',
    id,
    log,
    async card() {
      const { draining, healthy, cpuPercent, ...carries } = await readServer(db, id)
      const rooms = (await countRooms(db)).get(id) ?? 0
      const load: Record<string, number> = { ...carries, rooms, healthy: healthy ? 1 : 0 }
      if (cpuPercent !== null) load['cpuPercent'] = cpuPercent
      return { url, draining, load }
    },
    obey: async (draining) => void (await setDraining(db, id, draining)),
  })
