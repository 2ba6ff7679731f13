import { randomUUID } from 'node:crypto'
import type { Evidence, Fault, Scene } from '../fault.ts'
import { atMost, none, single, type Figure } from '../figures.ts'
import { now } from '../history/history.ts'
import { roundRobin } from '../places.ts'
import { holdRows } from '../stack/held-rows.ts'
import { waitingForRow } from '../stack/waiting-for-row.ts'
import type { Replica } from '../stack/replicas.ts'
import type { Attendee } from '../workload/attendee.ts'
import type { Meeting } from '../workload/crowd.ts'

const shownMs = 10_000
/** Longer than from one ping to the next. */
const pingsMs = 20_000
const pollMs = 50
/** A statement that may go on is stored by then. */
const storedMs = 3_000
const maxTries = 5

/** A message is stored, and the process that was to tell of it is gone; in every second room nobody sends it again. */
export const chatKilledBeforeTelling: Fault = {
  id: 'T31',
  title: 'chat killed between storing and telling',
  promise: 'A stored message is shown to everybody within 10 s, though the process that stored it died at once.',
  size: { rooms: 6, clients: 4, chat: 0, state: 0, signals: 0, seconds: 10 },
  places: roundRobin,
  async inject(scene) {
    const asked: Promise<void>[] = []
    for (const meeting of scene.crowd.meetings) asked.push((await loseProcess(scene, meeting)).followed)
    await Promise.all(asked)
  },
  figures: ({ noted }) => figuresOf(noted),
}

/** Resolves when another process is there, to when what became of the message is known. */
async function loseProcess(scene: Scene, meeting: Meeting): Promise<{ followed: Promise<void> }> {
  const { cluster } = scene
  const [sender] = meeting.attendees
  if (sender === undefined) throw new Error('there is nobody in this room')
  // A chat has a counter from its first message on.
  await sender.say(`first of ${meeting.id}`)
  const text = `second of ${meeting.id}`
  const repeats = meeting.room % 2 === 0
  const once = { sender, text, id: randomUUID() }
  const send = (over: AbortSignal) => (repeats ? sender.say(text) : sendUntil(once, scene.wait, over))
  for (let tries = 1; ; tries += 1) {
    const { from, process, sent } = await killWhileItStores(scene, meeting, send)
    // PostgreSQL gives up a statement that waits for 1 s. It may do so just before its process is killed.
    const isStored = async () => (await scene.crowd.storedIn(meeting.id)).some((one) => one.text === text)
    const isOver = repeats || tries === maxTries || (await becomes(scene, from + storedMs, isStored))
    const followed = isOver ? follow(scene, meeting, { text, from }) : null
    await cluster.startLike(process)
    await sent
    if (followed !== null) return { followed }
  }
}

/** Kills a process of the chat whose statement waits for the counter, and then lets the statement go on. */
async function killWhileItStores(
  { cluster }: Scene,
  meeting: Meeting,
  send: (over: AbortSignal) => Promise<void>,
): Promise<{ from: number; process: Replica; sent: Promise<void> }> {
  const url = cluster.server('postgres').url
  const row = await holdRows(url, [`select from chat.counters where meeting_id = '${meeting.id}' for update`])
  const over = new AbortController()
  const sent = send(over.signal)
  try {
    const process = await waitingForRow(cluster, 'chat', 'chat.counters')
    over.abort()
    await cluster.end(process, 'SIGKILL')
    return { from: now(), process, sent }
  } finally {
    over.abort()
    await row.release()
  }
}

/** A message that its sender sends again only while no process was killed. */
interface Sending {
  sender: Attendee
  text: string
  id: string
}

/** Sends a message until it is told to stop, and does not ask what became of it. */
async function sendUntil({ id, sender, text }: Sending, wait: Scene['wait'], over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await sender.sockets.ask('chat.send', { clientMessageId: id, text })
    await wait(pollMs)
  }
}

/** Notes how long it takes until everybody shows it. Notes also when the pings of all say that it is the last. */
async function follow(scene: Scene, meeting: Meeting, { from, text }: { from: number; text: string }): Promise<void> {
  const { crowd, recorder, note } = scene
  const isShown = ({ view }: Attendee) => view.messages.some((one) => one.text === text)
  const shown = await until(scene, from + shownMs, () => meeting.attendees.every(isShown))
  const stored = await crowd.storedIn(meeting.id)
  const how = meeting.room % 2 === 0 ? 'sent again' : 'sent once'
  if (!stored.some((one) => one.text === text)) return note(`${how}, not stored`, 1)
  note(`${how}, shown`, shown - from)
  const last = Math.max(...stored.map(({ seq }) => seq))
  const pings = () => meeting.attendees.map(({ name }) => recorder.pings.get(name)?.chatSeq)
  const agreed = await until(scene, from + pingsMs, () => pings().every((seq) => seq === last))
  if (agreed === Infinity) note('pings that differ', new Set(pings()).size)
}

/** Whether it is so before `end`. */
async function becomes({ wait }: Scene, end: number, check: () => Promise<boolean>): Promise<boolean> {
  while (!(await check())) {
    if (now() > end) return false
    await wait(pollMs)
  }
  return true
}

/** When it was so; Infinity if it never was. */
async function until({ wait }: Scene, end: number, check: () => boolean): Promise<number> {
  while (!check()) {
    if (now() > end) return Infinity
    await wait(pollMs)
  }
  return now()
}

function figuresOf(noted: Evidence['noted']): Figure[] {
  return [
    atMost('shown to everybody, the sender repeats it', noted('sent again, shown'), { most: shownMs }),
    atMost('shown to everybody, nobody repeats it', noted('sent once, shown'), { most: shownMs }),
    single('not stored, and not repeated', noted('sent once, not stored').length, {}),
    none('rooms whose pings do not say the last number', noted('pings that differ').length),
  ]
}
