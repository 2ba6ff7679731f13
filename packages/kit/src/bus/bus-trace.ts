import { fail, openSpan, recordBelow, traced, tracedBelow, within, type Carrier } from '../tracing/trace.ts'

/** A request as its caller sees it, below what it is made for. */
export const tracedRequest = <T>(subject: string, work: () => Promise<T>): Promise<T> =>
  tracedBelow({ name: `request ${shapeOf(subject)}`, kind: 'client', attributes: attributesOf(subject) }, work)

/** A request as its responder sees it, below that of its caller. */
export const tracedAnswer = <T>(subject: string, carrier: Carrier | null, work: () => Promise<T>): Promise<T> =>
  carrier === null ? work() : traced(optionsOf('answer', subject), carrier, work)

/** An event that is sent. */
export const recordPublish = (subject: string): void =>
  recordBelow({ name: `publish ${shapeOf(subject)}`, kind: 'producer', attributes: attributesOf(subject) }, 0)

/** An event as a subscriber handles it, below what it was published for. */
export function tracedEvent(subject: string, carrier: Carrier | null, work: () => void): void {
  if (carrier === null) return work()
  const span = openSpan(optionsOf('event', subject), carrier)
  try {
    within(span, work)
  } catch (error) {
    fail(span, error)
    throw error
  } finally {
    span.end()
  }
}

const optionsOf = (what: string, subject: string) =>
  ({ name: `${what} ${shapeOf(subject)}`, kind: 'consumer', attributes: attributesOf(subject) }) as const

const attributesOf = (subject: string) => ({
  'messaging.system': 'nats',
  'messaging.destination.name': subject,
})

/** The subject without the ids in it: few names, whatever the number of meetings. */
const shapeOf = (subject: string): string =>
  subject
    .split('.')
    .map((token) => (/\d/.test(token) ? '*' : token))
    .join('.')
