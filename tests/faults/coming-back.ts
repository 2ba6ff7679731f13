import type { Evidence, Scene } from './fault.ts'
import { none, type Figure } from './figures.ts'
import { intrude } from './workload/intruder.ts'

/** Those who were sent away try to come back, on each node. */
export async function comeBack({ cluster, crowd, recorder, hints, note, remark }: Scene): Promise<void> {
  const doors = { gateway: cluster.replicas('gateway')[0]?.url ?? '', hints }
  const sent = new Set(recorder.sentences.map(({ client }) => client))
  for (const meeting of crowd.meetings)
    for (const attendee of meeting.attendees.filter(({ name }) => sent.has(name))) {
      note('tried to come back', 1)
      // In a room that was never told, the session is still in use.
      const all =
        attendee.status === 'joined'
          ? ['there all the time']
          : (await intrude(attendee, meeting, doors)).map(({ what, node }) => `${what} on ${node}`)
      if (all.length === 0) continue
      note('came back', all.length)
      remark(`${attendee.name}, who was sent away: ${all.join(', ')}`)
    }
}

/** Of those who were sent away none is in the room, or got in again. */
export const comeBackFigure = ({ noted }: Evidence): Figure =>
  none(
    `of ${noted('tried to come back').length} sent away: still in, resumed, joined or acted`,
    noted('came back').length,
  )
