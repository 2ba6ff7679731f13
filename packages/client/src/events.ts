import type { MeetingEvent, UserEvent } from '@parley/contracts'
import type { EventsOptions } from './api.ts'
import { readEvents, type EventSourceDeps } from './event-source.ts'
import { requestOf } from './http.ts'
import { operationNamed } from './rest.ts'

export interface EventsDeps extends EventSourceDeps {
  url: string
}

/** The streams of the product by what they are of. The server's word is taken for the types of what comes. */
export function createEvents(deps: EventsDeps) {
  const read = <E>(name: 'meetingEvents' | 'userEvents', params: Record<string, string>, options: EventsOptions) =>
    readEvents(deps, requestOf(operationNamed(name), deps.url, { params }), options) as unknown as AsyncIterable<
      E & { id: string }
    >
  return {
    meeting: (id: string, options: EventsOptions) => read<MeetingEvent>('meetingEvents', { id }, options),
    user: (options: EventsOptions) => read<UserEvent>('userEvents', {}, options),
  }
}
