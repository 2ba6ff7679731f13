import { edit, model, neverAsked, neverCompared, neverLookedAt, room, toldRemoved, type Mutant } from './mutant.ts'

export const mutants: readonly Mutant[] = [
  {
    id: 'C1',
    without: 'waiting until all nodes have put back their rooms, before a room is said not to be there',
    focus: ['empty the store', 'come in', 'ban'],
    edits: [edit(`${room}/store-life.ts`, 'const settleMs = 2_000', 'const settleMs = 0')],
  },
  {
    id: 'C2',
    without: 'comparing all rooms with a store that is in another incarnation',
    edits: [edit('services/signaling/src/node.ts', 'void rooms.compareAll()', ''), neverCompared],
  },
  {
    id: 'C3',
    without: 'reading again what could not be read',
    edits: [edit(`${room}/live-room.ts`, '(this.#stale || this.#unsure) &&', 'this.#unsure &&')],
  },
  {
    id: 'C4',
    without: 'the name of the commit in a head: a branch is taken for progress',
    focus: ['roll the store back', 'fail over to a replica behind', 'mic', 'hand'],
    edits: [
      edit(
        'packages/kit/src/kv/documents-memory.ts',
        'one.version === other.version && one.commitId === other.commitId',
        'one.version === other.version',
      ),
    ],
  },
  {
    id: 'C4b',
    without: 'restoring what the store has gone back behind',
    edits: [edit(`${room}/catch-up.ts`, 'if (isBehind(known, doc))', 'if (false)')],
  },
  {
    id: 'C5',
    without: 'the order of the commands of meetings',
    focus: ['a relay stands still', 'make cohost', 'demote'],
    edits: [edit(`${room}/decide.ts`, '|| (seq !== undefined && seq <= room.commandSeq)', '')],
  },
  {
    id: 'C6',
    without: 'saying that it has ended to those who were not told of the end',
    edits: [
      edit(
        `${room}/room-sessions.ts`,
        'next: RoomState): void {\n    if (next.ended) return this.#end(next.ended)',
        'next: RoomState): void {',
      ),
      ...toldRemoved,
    ],
  },
  {
    id: 'C6b',
    without: 'the reason why somebody has left',
    edits: [
      edit(`${room}/apply.ts`, "if (at === undefined || (reason !== 'left' && reason !== 'kicked')) return", 'return'),
      ...toldRemoved,
    ],
  },
  {
    id: 'C8',
    without: 'comparing meetings with rooms that nobody has announced',
    edits: [edit(`${model}/meetings.ts`, 'const due = without && this.#missing', 'const due = false')],
  },
  {
    id: 'C10',
    without: 'confirming refusals and what is so already',
    edits: [
      edit(
        `${room}/live-room.ts`,
        'if (wanted.changes.length === 0 && !fresh && (await this.#readMissed())) return false',
        '',
      ),
    ],
  },
  {
    id: 'C12',
    without: 'answers that move with the session',
    focus: ['signal', 'break the socket'],
    edits: [
      edit(
        'services/signaling/src/session/enter.ts',
        'local.answers.adopt(connection.answers)\n    connection.answers = local.answers',
        '',
      ),
    ],
  },
  {
    id: 'C14',
    without: 'a clock that no setting moves',
    focus: ['step a clock'],
    edits: [
      edit(
        `${room}/store-life.ts`,
        'monotonic: () => this.#deps.clock.monotonic()',
        'monotonic: () => this.#deps.clock.now()',
      ),
    ],
  },
  {
    id: 'C17',
    without: 'versions that go on where a room is restored',
    edits: [edit(`${room}/catch-up.ts`, 'v: verdict.highest + 1', 'v: 1')],
  },
  {
    id: 'C21',
    without: 'a store that notices that its index of changes is gone',
    focus: ['evict the index of changes'],
    edits: [
      edit(
        `${model}/store.ts`,
        'if (delta && this.indexGone) return null',
        'if (delta && this.indexGone) return { ...delta, fields: {} }',
      ),
      edit(
        `${model}/store.ts`,
        "return this.#docs.look(id, { ...known, commitId: 'unknown' })",
        'return { ...look, fields: {} }',
      ),
    ],
  },
  {
    id: 'X7b',
    without: 'refusing grants that are older than what the room knows',
    edits: [edit(`${room}/decide.ts`, 'if ((seat.asOf ?? room.commandSeq) < room.commandSeq)', 'if (false)')],
  },
  {
    id: 'X7d',
    without: 'the same, and telling a room again what was decided on those who came',
    edits: [
      edit(`${room}/decide.ts`, 'if ((seat.asOf ?? room.commandSeq) < room.commandSeq)', 'if (false)'),
      edit(`${model}/judge.ts`, 'if (why !== null) this.#fault', 'if (false) this.#fault'),
      edit(`${model}/meetings.ts`, 'for (const { userId, role } of roster) this.#tellDecisions(userId, role)', ''),
    ],
  },
  {
    id: 'X9',
    without: 'the number of the newest command in a grant',
    edits: [
      edit('services/signaling/src/session/enter.ts', '...(grant.asOf !== undefined && { asOf: grant.asOf })', ''),
    ],
  },
  {
    id: 'X16',
    without: 'leaving everything as it was when the commit of a way in fails',
    edits: [
      edit(
        'services/signaling/src/session/enter.ts',
        '    entry.abandon()\n',
        '    if (room) throw error\n    entry.abandon()\n',
      ),
    ],
  },
  {
    id: 'X17',
    without: 'knowing that a commit without an answer may have happened',
    edits: [edit(`${room}/live-room.ts`, '    this.#stale = true\n    this.#unsure = true\n', ''), ...neverLookedAt],
  },
  {
    id: 'X28',
    without: 'a commit that rules out the one before it that got no answer',
    focus: ['cut a node from the store', 'mic', 'hand', 'come in'],
    edits: [
      ...neverLookedAt,
      edit(
        `${room}/live-room.ts`,
        'this.#unsure ? this.#fence() : this.#readAgain()',
        'this.#readAgain().then(() => void (this.#unsure = false))',
      ),
    ],
  },
  {
    id: 'E2',
    without: 'looking whether the seat is still there, before the socket becomes its own',
    focus: ['end', 'come in'],
    edits: [
      edit(
        'services/signaling/src/session/enter.ts',
        'if (room.state.seats.get(participantId)?.sessionId !== local.sessionId)',
        'if (false)',
      ),
    ],
  },
  {
    id: 'E5',
    without: 'keeping who is on the way in when a room sends its people elsewhere',
    focus: ['an empty room runs out', 'leave', 'come in'],
    edits: [edit(`${room}/room-sessions.ts`, 'if (!session.entering) this.all.delete(id)', 'this.all.delete(id)')],
  },
  {
    id: 'E8',
    without: 'the epochs that a room goes on from',
    focus: ['fail over to a replica behind', 'mic', 'break the socket'],
    edits: [
      edit(`${room}/state.ts`, '...past].slice(0, rememberedEpochs)', '].slice(0, 0)'),
      edit(`${room}/reaper.ts`, 'seat && isSameEpoch', 'seat'),
    ],
  },
  {
    id: 'E9',
    without: 'showing whoever could not leave what happened meanwhile',
    focus: ['leave', 'mic', 'hand', 'cut a node from the store', 'freeze the store'],
    edits: [
      edit(
        'services/signaling/src/handlers/room.ts',
        'if (!room.state.seats.has(local.participantId)) return',
        'if (room) return',
      ),
    ],
  },
  {
    id: 'E10',
    without: 'dating a leaving after its joining',
    focus: ['come in', 'ban', 'remove'],
    edits: [
      neverAsked,
      edit(`${room}/apply.ts`, "kind === 'left' ? Math.max(now, Date.parse(participant.joinedAt) + 1) : now", 'now'),
      edit(`${room}/store-life.ts`, 'const looks = 16', 'const looks = 1'),
    ],
  },
  {
    id: 'E14',
    without: 'reading again while waiting for the others',
    focus: ['empty the store', 'break the socket', 'leave'],
    edits: [edit(`${room}/live-room.ts`, 'await life.settled(readAgainAfterMs)', 'await life.settled()')],
  },
  {
    id: 'E15',
    without: 'telling the others what nobody has told',
    focus: ['kill a node', 'settings'],
    edits: [edit(`${room}/live-room.ts`, 'if (reading.origin === null) this.tellHead()', ''), ...neverLookedAt],
  },
  {
    id: 'E17',
    without: 'waiting before a commit is ruled out',
    focus: ['freeze the bus', 'the store restarts empty', 'mic'],
    edits: [edit(`${room}/live-room.ts`, 'if (!this.#deps.life.isSettled) return\n', '\n')],
  },
  {
    id: 'E18',
    without: 'asking whether the socket is still open before somebody comes in on it',
    focus: ['freeze a node', 'break the socket'],
    edits: [edit('services/signaling/src/session/enter.ts', 'room.submit(command, isLate)', 'room.submit(command)')],
  },
]
