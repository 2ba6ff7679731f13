import { sql } from '../../support/sql.ts'
import type { Fault, Scene } from '../fault.ts'
import { now } from '../history/history.ts'
import { halfWritten, noticesAmiss, undelivered } from '../stack/half-written.ts'
import { holdRows } from '../stack/held-rows.ts'
import { residentMib } from '../stack/process-table.ts'
import { isDone, isForNow, keepAsking, type Answer, type Ask } from '../workload/asking.ts'
import { asksOf, rowsToLock } from './t11-asks.ts'
import { deliveredMs, figuresOf } from './t11-figures.ts'

/** The empty database takes a fourth of it. */
const diskMib = 192
const leastMs = 10_000
/** Far more than fit: the log is a row of files of 16 MiB. */
const newLogs = 20

/** Rows are locked by somebody else; then the database's disk is full, first for its tables, then for its log too. */
export const lockedAndFull: Fault = {
  id: 'T11',
  title: 'row locked, disk full',
  promise:
    'With a locked row or a full disk each request ends within 3.5 s. Others are unharmed; nothing is half written.',
  stack: { diskMib },
  async inject(scene) {
    // A chat has a counter from its first message on.
    for (const { attendees } of scene.crowd.meetings.slice(0, 2))
      await attendees[0]?.say(`first in ${crypto.randomUUID()}`)
    await lockRows(scene)
    if (scene.cluster.disk !== null) await fillDisk(scene)
  },
  heal: getWell,
  figures: figuresOf,
}

async function lockRows(scene: Scene): Promise<void> {
  const { cluster, size, mark } = scene
  const asks = await asksOf(scene)
  const rows = await holdRows(cluster.server('postgres').url, rowsToLock(scene, asks))
  mark('locked')
  await ask(scene, [...asks.locked, ...asks.others], Math.max(leastMs, size.seconds * 500))
  mark('released')
  await rows.release()
}

/** PostgreSQL survives that a table cannot grow; without space for its log it ends, or starts anew. */
async function fillDisk(scene: Scene): Promise<void> {
  const { cluster, size, mark, note } = scene
  const { url, pid } = cluster.server('postgres')
  const asks = await asksOf(scene)
  cluster.disk?.fill()
  mark('full')
  await ask(scene, [...asks.writes, ...asks.reads], Math.max(leastMs, size.seconds * 250))
  cluster.table.expect(pid)
  mark('no log')
  const writing = asks.writes.map((one) => ({ ...one, group: 'writes without a log' }))
  await Promise.all([
    ask(scene, writing, Math.max(leastMs, size.seconds * 170)),
    needNewLogs(url).then((switched) => note('log files begun', switched)),
  ])
}

/** Begins file after file of the log until the server is not there any more; how many it was. */
async function needNewLogs(url: string): Promise<number> {
  for (let begun = 0; begun < newLogs; begun += 1)
    try {
      await sql(url, `select pg_switch_wal(), pg_logical_emit_message(false, 'faults', 'so that there is something')`)
    } catch {
      return begun
    }
  return newLogs
}

async function getWell(scene: Scene): Promise<void> {
  const { cluster, crowd, mark, note } = scene
  cluster.disk?.empty()
  const isGone = residentMib(cluster.server('postgres').pid) === null
  note('started again', isGone ? 1 : 0)
  if (isGone) await cluster.restartServer('postgres')
  mark('space')
  const from = now()
  // Behind what this person has waiting.
  await crowd.attendees[0]?.say('is there space again?')
  note('caught up', now() - from)
  const { writes, reads } = await asksOf(scene)
  await ask(
    scene,
    [...writes, ...reads].map((one) => ({ ...one, group: 'afterwards' })),
    2_000,
  )
  await compare(scene)
}

/** When what waits for rooms and chats has got there, all that was written is compared. */
async function compare({ cluster, crowd, note, wait }: Scene): Promise<void> {
  const { url } = cluster.server('postgres')
  const from = now()
  while ((await undelivered(url)) > 0 && now() - from < deliveredMs) await wait(200)
  note('delivered', (await undelivered(url)) > 0 ? Infinity : now() - from)
  await wait(1_000)
  const broken = [...(await halfWritten(url)), ...(await titlesAmiss(crowd))]
  for (const line of broken.slice(0, 5)) process.stderr.write(`${line}\n`)
  note('half written', broken.length)
  note('notices amiss', await noticesAmiss(url))
}

async function titlesAmiss({ meetings, host }: Scene['crowd']): Promise<string[]> {
  const found = await Promise.all(
    meetings.map(async ({ id, attendees }) => {
      const { title } = await host.rest.getMeeting({ params: { id } })
      const others = attendees.filter(({ room }) => room.state.get().meeting.title !== title)
      return others.map(({ name }) => `${name} sees another title than the one that is stored`)
    }),
  )
  return found.flat()
}

async function ask({ doors, note }: Scene, asks: readonly Ask[], ms: number): Promise<void> {
  const until = now() + ms
  const answers = await keepAsking(doors[0]?.url ?? '', asks, () => now() > until)
  for (const answer of answers) {
    note(`${answer.group}: ms`, answer.ms)
    note(`${answer.group}: ${kindOf(answer)}`, 1)
  }
  for (const line of new Set(answers.filter((one) => kindOf(one) === 'wrong').map(textOf)))
    process.stderr.write(`${line}\n`)
}

const kindOf = (answer: Answer): string => (isDone(answer) ? 'done' : isForNow(answer) ? 'for now' : 'wrong')
const textOf = ({ group, what, status, code }: Answer): string => `${group}: ${what} was answered ${status} ${code}`
