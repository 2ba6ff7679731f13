import type { Edit } from './hooks.ts'

/** The code with one mend taken out: the explorer has to find the fault again. */
export interface Mutant {
  /** Of the fault, as in the tests that carry its id. */
  id: string
  /** What is taken out. */
  without: string
  edits: readonly Edit[]
}

const room = 'services/signaling/src/room'
const model = 'services/signaling/src/testing/explorer'

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace })

export const mutants: readonly Mutant[] = [
  {
    id: 'C1',
    without: 'waiting until all nodes have put back their rooms, before a room is said not to be there',
    edits: [edit(`${room}/store-life.ts`, 'export const settleMs = 2_000', 'export const settleMs = 0')],
  },
  {
    id: 'C2',
    without: 'comparing all rooms with a store that is in another incarnation',
    edits: [edit('services/signaling/src/node.ts', 'void rooms.compareAll()', '')],
  },
  {
    id: 'C3',
    without: 'reading again what could not be read',
    edits: [edit(`${room}/live-room.ts`, '(this.#stale || this.#unsure) &&', 'this.#unsure &&')],
  },
  {
    id: 'C4',
    without: 'the name of the commit in a head: a branch is taken for progress',
    edits: [
      edit(
        'packages/kit/src/kv/docs-memory.ts',
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
      edit(`${room}/room-sessions.ts`, "departure?.reason !== 'kicked'", "departure && departure.reason !== 'kicked'"),
    ],
  },
  {
    id: 'C6b',
    without: 'the reason why somebody has left',
    edits: [
      edit(`${room}/apply.ts`, "if (at === undefined || (reason !== 'left' && reason !== 'kicked')) return", 'return'),
      edit(`${room}/room-sessions.ts`, "departure?.reason !== 'kicked'", "departure && departure.reason !== 'kicked'"),
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
      edit(`${model}/meetings.ts`, 'for (const { userId, role } of people) this.#tellDecisions(userId, role)', ''),
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
    edits: [edit(`${room}/live-room.ts`, '    this.#stale = true\n    this.#unsure = true\n', '')],
  },
  {
    id: 'X28',
    without: 'a commit that rules out the one before it that got no answer',
    edits: [
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
    edits: [edit(`${room}/room-sessions.ts`, 'if (!session.entering) this.all.delete(id)', 'this.all.delete(id)')],
  },
]
