import Type, { type Static } from 'typebox'
import { Id, Instant } from '../ids.ts'
import { request } from './subject.ts'

/** Where to go on; null: at the beginning, or in an answer that nothing is left. */
const Cursor = Type.Union([Type.String({ maxLength: 300 }), Type.Null()])

/**
 * A person who is to be forgotten. `alias` stands in their place from now on: an id of nobody. `email` is an address that they have
 * shown to own; what was sent to it by `at` was theirs.
 */
export const Erasure = Type.Object({
  userId: Id,
  alias: Id,
  email: Type.Union([Type.String(), Type.Null()]),
  name: Type.String(),
  at: Instant,
})
export type Erasure = Static<typeof Erasure>

/** The name of those whose account was erased. */
export const erasedName = 'Deleted user'

const erasing = {
  input: Type.Object({ ...Erasure.properties, cursor: Cursor }),
  output: Type.Object({ cursor: Cursor }),
  timeoutMs: 5_000,
}
const exporting = {
  input: Type.Object({ userId: Id, email: Type.Union([Type.String(), Type.Null()]), cursor: Cursor }),
  output: Type.Object({ section: Type.String(), items: Type.Array(Type.Unknown()), cursor: Cursor }),
  timeoutMs: 5_000,
}

/**
 * The work of services for auth when a person is erased or asks for their data. It is done a part at a time: auth asks again with the
 * `cursor` of the answer until that is null. To erase what is erased changes nothing.
 */
export const privacyBus = {
  eraseInMeetings: request('meetings.erase', erasing),
  eraseInChat: request('chat.erase', erasing),
  eraseInMedia: request('media.erase', erasing),
  exportFromMeetings: request('meetings.export', exporting),
  exportFromChat: request('chat.export', exporting),
  exportFromMedia: request('media.export', exporting),
  /** Takes the names of participants out of the recordings of these meetings. */
  eraseFromRecordings: request('media.erase-from-recordings', {
    input: Type.Object({
      meetingIds: Type.Array(Id, { maxItems: 200 }),
      participantIds: Type.Array(Id, { maxItems: 10_000 }),
    }),
    output: Type.Object({}),
    timeoutMs: 5_000,
  }),
  /** Takes a name out of what these meetings said themselves in their chats ("Ada renamed the meeting"). */
  eraseFromNotices: request('chat.erase-from-notices', {
    input: Type.Object({ meetingIds: Type.Array(Id, { maxItems: 200 }), name: Type.String() }),
    output: Type.Object({}),
    timeoutMs: 5_000,
  }),
} as const
