import type { recordingsOperations } from '@parley/contracts'
import type { Part } from '../row.ts'
import type { Scene } from '../scene.ts'
import { all, anon, hidden, no, unknownId, unknownToken } from './words.ts'

const byId = ({ world }: Scene) => ({ params: { id: world.meeting.id } })
const unknown = () => ({ params: { id: unknownId } })
const inside = [200, 200, 200, 200, hidden, hidden, hidden, 200, anon] as const
const nothing = [hidden, hidden, hidden, hidden, hidden, hidden, hidden, hidden, anon] as const

/** V3: for those who are or were inside; where nothing records there is no recording. Columns as in `rest.ts`. */
export const recordings: Part<keyof typeof recordingsOperations> = {
  startRecording: [
    {
      about: 'where the settings of the meeting forbid it',
      as: [no, no, no, no, hidden, hidden, hidden, no, anon],
      request: (scene) => ({ ...byId(scene), body: {} }),
    },
  ],
  listRecordings: [{ as: inside, request: (scene) => ({ ...byId(scene), query: {} }) }],
  getRecording: [{ as: nothing, request: unknown }],
  stopRecording: [{ as: nothing, request: () => ({ ...unknown(), body: {} }) }],
  recordingContent: [{ as: nothing, request: unknown }],
  recordingLink: [{ as: nothing, request: unknown }],
  linkedRecording: [
    {
      about: 'with a signature that is not ours',
      as: all('link-expired'),
      request: () => ({
        ...unknown(),
        query: { for: unknownId, expires: Date.now() + 60_000, signature: unknownToken },
      }),
    },
  ],
  deleteRecording: [{ as: nothing, request: unknown }],
}
