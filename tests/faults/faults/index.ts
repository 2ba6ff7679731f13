import type { Fault } from '../fault.ts'
import { signalingKilled } from './t01-signaling-killed.ts'
import { ghostBound } from './t02-ghost-bound.ts'
import { signalingFrozen } from './t03-signaling-frozen.ts'
import { clientsVanish } from './t04-clients-vanish.ts'
import { rollingRestart } from './t05-rolling-restart.ts'
import { hostileDrain } from './t06-hostile-drain.ts'
import { natsKilled } from './t07-nats-killed.ts'
import { natsFrozen } from './t08-nats-frozen.ts'
import { redisAway } from './t09-redis-away.ts'
import { postgresStopped } from './t10-postgres-stopped.ts'
import { lockedAndFull } from './t11-locked-and-full.ts'
import { idempotency } from './t12-idempotency.ts'
import { edgesOfResume } from './t13-edges-of-resume.ts'
import { slowReaders } from './t14-slow-readers.ts'
import { reconnectStorm } from './t15-reconnect-storm.ts'
import { badNetwork } from './t16-bad-network.ts'
import { oneWayPartition } from './t17-one-way-partition.ts'
import { janusGone } from './t18-janus-gone.ts'
import { mediaOutlive } from './t19-media-outlive.ts'
import { soak } from './t25-soak.ts'
import { storeEmptyInQuiet } from './t26-store-empty-in-quiet.ts'
import { failover } from './t27-failover.ts'
import { bothLinksCut } from './t28-both-links-cut.ts'
import { lateCommands } from './t29-late-commands.ts'
import { endUnderLoad } from './t30-end-under-load.ts'
import { chatKilledBeforeTelling } from './t31-chat-killed-before-telling.ts'
import { everythingAtOnce } from './t32-everything-at-once.ts'
import { clocks } from './t33-clocks.ts'

/** Every fault that has a command, in the order of its number. */
export const faults: readonly Fault[] = [
  signalingKilled,
  ghostBound,
  signalingFrozen,
  clientsVanish,
  rollingRestart,
  hostileDrain,
  natsKilled,
  natsFrozen,
  redisAway,
  postgresStopped,
  lockedAndFull,
  idempotency,
  edgesOfResume,
  slowReaders,
  reconnectStorm,
  badNetwork,
  oneWayPartition,
  janusGone,
  mediaOutlive,
  soak,
  storeEmptyInQuiet,
  failover,
  bothLinksCut,
  lateCommands,
  endUnderLoad,
  chatKilledBeforeTelling,
  everythingAtOnce,
  clocks,
]
