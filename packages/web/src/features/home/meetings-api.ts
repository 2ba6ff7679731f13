import type { Parley } from '@parley/client'
import type { Meeting, OperationInput } from '@parley/contracts'

export type Scope = 'mine' | 'active'
export type NewMeeting = NonNullable<OperationInput<'createMeeting'>['body']>

/** Makes a meeting; without `scheduledAt` it can be entered at once. */
export const createMeeting = (parley: Parley, body: NewMeeting): Promise<Meeting> => parley.rest.createMeeting({ body })

/** A page of my meetings, or of the public ones that are live; newest first. */
export const listMeetings = (parley: Parley, scope: Scope, cursor: string | null) =>
  parley.rest.listMeetings({ query: { scope, limit: 20, ...(cursor === null ? {} : { cursor }) } })

/** The meeting behind a code. */
export const meetingByCode = (parley: Parley, code: string): Promise<Meeting> =>
  parley.rest.getMeetingByCode({ params: { code } })
