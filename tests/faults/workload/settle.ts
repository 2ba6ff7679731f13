import { setTimeout as sleep } from 'node:timers/promises'
import { checkRosters } from '../history/check-members.ts'
import {
  emptyHistory,
  now,
  type Contents,
  type History,
  type Person,
  type StoredMessage,
  type Standing,
  type View,
} from '../history/history.ts'
import type { Recorder } from '../history/recorder.ts'
import { undelivered } from '../stack/half-written.ts'
import type { Attendee, SwitchName } from './attendee.ts'
import { inParallel, type Crowd } from './crowd.ts'
import { standingsOf } from './standings.ts'

/** The state of everybody when all has come to rest. */
export interface Rest {
  stored: ReadonlyMap<string, readonly StoredMessage[]>
  views: readonly View[]
  truth: ReadonlyMap<string, readonly Person[]>
  standings: ReadonlyMap<string, Standing>
  contents: readonly Contents[]
  /** When the rosters equalled the truth; null if they did not within the time. */
  convergedAt: number | null
  /** When nobody was reconnecting any more and every send had ended. */
  restedAt: number | null
}

const pollMs = 100
const restMs = 40_000
const convergeMs = 20_000
const deliverMs = 10_000
const newsMs = 300

/** Waits until nothing is under way, makes unsure switches sure, waits until all see the same, and reads it all. */
export async function settle(crowd: Crowd, recorder: Recorder, databaseUrl: string): Promise<Rest> {
  const restedAt = await until(() => isAtRest(crowd, recorder), restMs)
  await untilDelivered(databaseUrl)
  const present = crowd.attendees.filter(({ status }) => status === 'joined')
  await Promise.all(present.map((attendee) => makeSure(attendee, recorder)))
  const truth = truthOf(crowd)
  const rosters = (): History => ({ ...emptyHistory, truth, views: present.map(({ view }) => view) })
  const isSame = () => checkRosters(rosters()).breaches.length === 0 && hasAllMessages(present, recorder)
  const convergedAt = await until(isSame, convergeMs)
  const stored = new Map<string, readonly StoredMessage[]>()
  for (const { id } of crowd.meetings) stored.set(id, await crowd.storedIn(id))
  const asked = await serverViews(present)
  const own = present.map(({ view }) => view)
  const contents = [...own, ...asked].map(({ room, v, client, contents: text }) => ({ room, v, holder: client, text }))
  // Of each node some say the same: one is enough for the other checks.
  const views = [...own, ...new Map(asked.map((view) => [`${view.room} ${view.v} ${view.contents}`, view])).values()]
  return { stored, views, truth, standings: await standingsOf(crowd, databaseUrl), contents, convergedAt, restedAt }
}

/** Commands that were acknowledged are tried again after 5 s at the latest; what is not delivered after 10 s is what H8 finds. */
async function untilDelivered(databaseUrl: string): Promise<void> {
  const from = now()
  while ((await undelivered(databaseUrl)) > 0 && now() - from < deliverMs) await sleep(pollMs)
  // From the node that carried out the last to the others and their clients.
  await sleep(newsMs)
}

/** The answer of each attendee's node: so each node that has people of a room is asked for it. */
async function serverViews(present: readonly Attendee[]): Promise<View[]> {
  const views: View[] = []
  await inParallel(present, async (attendee) => {
    // One that lost its connection just now has nobody to ask.
    const view = await attendee.serverView().catch(() => null)
    if (view !== null) views.push(view)
  })
  return views
}

const isAtRest = ({ attendees }: Crowd, { sends }: Recorder): boolean =>
  attendees.every(({ status, isBusy }) => status !== 'reconnecting' && !isBusy) &&
  sends.every(({ outcome }) => outcome.is !== 'open')

function hasAllMessages(present: readonly Attendee[], { sends }: Recorder): boolean {
  const last = new Map<string, number>()
  for (const { room, outcome } of sends)
    if (outcome.is === 'accepted') last.set(room, Math.max(last.get(room) ?? 0, outcome.seq))
  return present.every(({ newest, meetingId }) => newest >= (last.get(meetingId) ?? 0))
}

/**
 * A change without an answer may have been made or not. A participant who was seen to leave has lost the raised hand: asks for it
 * again until the server agrees.
 */
async function makeSure(attendee: Attendee, { departures }: Recorder): Promise<void> {
  const { participantId } = attendee
  const { hand } = attendee.switches
  if (departures.some((one) => one.participantId === participantId && one.at > hand.at)) hand.sure = false
  for (const name of Object.keys(attendee.switches) as SwitchName[])
    for (let tries = 0; !attendee.switches[name].sure && tries < 5; tries += 1)
      await attendee.toggle(name, attendee.switches[name].on)
}

const truthOf = ({ meetings }: Crowd): Map<string, Person[]> =>
  new Map(
    meetings.map(({ id, attendees }) => [
      id,
      attendees.filter(({ status }) => status === 'joined').map(({ truth }) => truth),
    ]),
  )

async function until(check: () => boolean, patienceMs: number): Promise<number | null> {
  const from = now()
  while (now() - from < patienceMs) {
    if (check()) return now()
    await sleep(pollMs)
  }
  return null
}
