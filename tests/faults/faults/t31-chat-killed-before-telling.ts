import { randomUUID } from 'node:crypto'
import type { Evidence, Fault, Scene } from '../fault.ts'
import { atMost, none, single, type Figure } from '../figures.ts'
import { now } from '../history/history.ts'
import { roundRobin } from '../places.ts'
import { holdRows } from '../stack/held-rows.ts'
import { waitingForRow } from '../stack/waiting-for-row.ts'
import type { Attendee } from '../workload/attendee.ts'
import type { Meeting } from '../workload/crowd.ts'

const shownMs = 10_000
/** Longer than from one ping to the next. */
const pingsMs = 20_000
const pollMs = 50

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
  const url = cluster.server('postgres').url
  const row = await holdRows(url, [`select from chat.counters where meeting_id = '${meeting.id}' for update`])
  const text = `second of ${meeting.id}`
  const sent = meeting.room % 2 === 0 ? sender.say(text) : sendOnce(sender, text)
  const process = await waitingForRow(cluster, 'chat', 'chat.counters')
  await cluster.end(process, 'SIGKILL')
  await row.release()
  const followed = follow(scene, meeting, text)
  await cluster.startLike(process)
  await sent
  return { followed }
}

/** Sends a message, and does not ask what became of it. */
async function sendOnce(sender: Attendee, text: string): Promise<void> {
  await sender.sockets.ask('chat.send', { clientMessageId: randomUUID(), text })
}

/** Notes how long it takes until everybody shows it. Notes also when the pings of all say that it is the last. */
async function follow(scene: Scene, meeting: Meeting, text: string): Promise<void> {
  const { crowd, recorder, note } = scene
  const from = now()
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
