import type { meetingsBus } from '@parley/contracts'
import type { Static } from 'typebox'
import type { Context } from '../context.ts'
import { boxOf } from './box.ts'
import { listUserEvents, readBoxes } from './store.ts'
import type { UserEventRow } from './tables.ts'

type EventsQuery = Static<(typeof meetingsBus.userEvents)['input']>
type Page = Static<(typeof meetingsBus.userEvents)['output']>

/** A place in the events of an account: the newest number of its own box, and of the box of its address. */
type EventPosition = readonly [own: number, mail: number]

const maxLimit = 50
const placeText = /^(\d{1,15})\.(\d{1,15})$/
const writePlace = ([own, mail]: EventPosition): string => `${own}.${mail}`

function readPlace(id: string): EventPosition | null {
  const [, own, mail] = placeText.exec(id) ?? []
  return own === undefined || mail === undefined ? null : [Number(own), Number(mail)]
}

/** The events of an account after one of them; also what went to its verified address before it was known as its own. */
export async function readUserEvents(context: Context, { userId, after, limit }: EventsQuery): Promise<Page> {
  const { db } = context
  const email = await context.addressOf(userId)
  const boxes = [boxOf({ userId }), ...(email === null ? [] : [boxOf({ email })])]
  const known = await readBoxes(db, boxes)
  const ends = boxes.map((box) => known.get(box) ?? { last: 0, oldest: null })
  const end: EventPosition = [ends[0]?.last ?? 0, ends[1]?.last ?? 0]
  const place = after === null ? end : readPlace(after)
  // An account whose address cannot be asked for now goes on with the address it had later.
  const from: EventPosition | null = place && (email === null ? [place[0], 0] : place)
  const complete = from !== null && ends.every(({ last, oldest }, index) => reaches(from[index] ?? 0, last, oldest))
  if (!complete || place === null || after === null) return { events: [], head: writePlace(end), complete, boxes }
  const most = Math.min(limit, maxLimit)
  const [own = [], mail = []] = await Promise.all(
    boxes.map((box, index) => listUserEvents(db, box, place[index] ?? 0, most)),
  )
  return { events: merged(place, own, mail).slice(0, most), head: writePlace(end), complete, boxes }
}

/** Whether nothing after `seq` has been forgotten, and it was ever reached. */
const reaches = (seq: number, last: number, oldest: number | null): boolean =>
  seq <= last && (oldest === null ? seq === last : seq >= oldest - 1)

/** Each box in its order, the boxes by time. */
function merged(from: EventPosition, own: readonly UserEventRow[], mail: readonly UserEventRow[]): Page['events'] {
  const events: Page['events'] = []
  let [atOwn, atMail] = from
  for (let i = 0, j = 0; i < own.length || j < mail.length;) {
    const [one, other] = [own[i], mail[j]]
    const next = one !== undefined && (other === undefined || one.created_at <= other.created_at) ? one : other
    if (next === undefined) break
    if (next === one) [i, atOwn] = [i + 1, one.seq]
    else [j, atMail] = [j + 1, next.seq]
    events.push({ id: writePlace([atOwn, atMail]), type: next.type, data: next.data })
  }
  return events
}
