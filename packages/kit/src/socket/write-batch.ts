/** A socket with frames that wait for a batch to be written. */
export interface BatchMember {
  /** Writes what waits, if anything does still; `join` makes one buffer of several frames. */
  flush(join: JoinFrames): void
}

export type JoinFrames = (frames: readonly Buffer[]) => Buffer

/**
 * Sockets whose frames leave together: at the end of this turn of the event loop, or when a window is over. There is one timer for all of them, and one buffer for all that wait for the same frames. So each costs one write call and little else.
 */
export class WriteBatch {
  /** How long the first member waits for others, ms; 0: until the end of this turn. */
  waitMs = 0
  #members: BatchMember[] = []

  add(member: BatchMember): void {
    this.#members.push(member)
    if (this.#members.length > 1) return
    if (this.waitMs === 0) setImmediate(() => this.#flush())
    else setTimeout(() => this.#flush(), this.waitMs)
  }

  #flush(): void {
    const members = this.#members
    this.#members = []
    const join = createJoin()
    for (const member of members) member.flush(join)
  }
}

/** Joins frames, and remembers the last: most sockets of a room wait for the very same. */
function createJoin(): JoinFrames {
  let last: readonly Buffer[] = []
  let joined = Buffer.alloc(0)
  return (frames) => {
    if (frames.length === last.length && frames.every((frame, index) => frame === last[index])) return joined
    last = frames
    joined = Buffer.concat(frames)
    return joined
  }
}
