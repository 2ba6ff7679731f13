import { randomFillSync } from 'node:crypto'
import type { Id } from '@parley/contracts'
import { v7 } from 'uuid'

const bytesEach = 16
/** Asking the system for random bytes costs as much for 4 KiB as for 16 bytes. */
const pool = new Uint8Array(256 * bytesEach)
let used = pool.length
/** `v7` keeps no count of its own once it is given random bytes (RFC 9562, 6.2: a counter within the millisecond). */
let msecs = 0
let seq = 0

function random(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += bytesEach
  return pool.subarray(used - bytesEach, used)
}

/** A new id: UUIDv7. Those that a process makes later sort later, within a millisecond too: facts of one room rely on it. */
export function newId(): Id {
  const bytes = random()
  const now = Date.now()
  if (now > msecs) {
    msecs = now
    seq = new DataView(bytes.buffer, bytes.byteOffset).getUint32(6) & 0x7fffffff
  } else {
    seq = (seq + 1) | 0
    if (seq === 0) msecs += 1
  }
  return v7({ random: bytes, msecs, seq })
}
