import type { filesOperations } from '@parley/contracts'
import { rest } from '../../support/people.ts'
import type { MatrixUser } from '../users.ts'
import type { Part } from '../row.ts'
import type { Scene } from '../scene.ts'
import { all, anon, hidden } from './words.ts'

const wish = ({ world }: Scene) => ({
  purpose: 'attachment' as const,
  meetingId: world.meeting.id,
  name: 'a.txt',
  sizeBytes: 5,
  contentType: 'text/plain',
})

/** A file of somebody; of the host's where that person may have none. */
async function fileOf(scene: Scene, who: MatrixUser | null, { ready = true } = {}) {
  const owner = who ?? scene.people.host
  const announced = await rest('POST', `${scene.url}/v1/files`, { token: owner.token, body: wish(scene) })
  if (announced.status !== 201) return fileOfHost(scene, ready)
  return bytesInto(scene, owner, announced.body, ready)
}

async function fileOfHost(scene: Scene, ready: boolean) {
  const { host } = scene.people
  const announced = await rest('POST', `${scene.url}/v1/files`, { token: host.token, body: wish(scene) })
  return bytesInto(scene, host, announced.body, ready)
}

async function bytesInto({ url }: Scene, owner: MatrixUser, announced: Record<string, unknown>, ready: boolean) {
  const { id } = announced['file'] as { id: string }
  const at = `${url}/v1/files/${id}`
  const authorization = `Bearer ${owner.token}`
  await (await fetch(`${at}/upload`, { method: 'PUT', headers: { authorization }, body: 'hello' })).text()
  if (ready) await rest('POST', `${at}/complete`, { token: owner.token, body: {} })
  return { params: { id } }
}

const ofHost = (scene: Scene) => fileOf(scene, scene.people.host)
const own = (scene: Scene) => fileOf(scene, scene.me, { ready: false })
const inside = [200, 200, 200, 200, hidden, hidden, hidden, 200, anon] as const
const owners = [200, hidden, hidden, hidden, hidden, hidden, hidden, hidden, anon] as const

/** F1: an attachment is for those who may read the chat of its meeting. Columns as in `rest.ts`. */
export const files: Part<keyof typeof filesOperations> = {
  createFile: [
    {
      as: [201, 201, 201, 201, hidden, hidden, hidden, 201, anon],
      changes: 'caller',
      request: (scene) => ({ body: wish(scene) }),
    },
  ],
  uploadState: [{ as: owners, request: (scene) => fileOf(scene, scene.people.host, { ready: false }) }],
  uploadBytes: [
    {
      about: 'of one’s own',
      as: inside,
      changes: 'caller',
      request: async (scene) => ({ ...(await own(scene)), bytes: 'hello' }),
    },
    {
      about: 'of the host',
      as: owners,
      changes: 'caller',
      request: async (scene) => ({ ...(await fileOf(scene, scene.people.host, { ready: false })), bytes: 'hello' }),
    },
  ],
  completeFile: [
    {
      about: 'of the host',
      as: owners,
      changes: 'caller',
      request: async (scene) => ({ ...(await fileOf(scene, scene.people.host, { ready: false })), body: {} }),
    },
  ],
  readFile: [{ as: inside, request: ofHost }],
  fileContent: [{ as: inside, request: ofHost }],
  fileLink: [{ as: inside, request: ofHost }],
  linkedContent: [
    {
      about: 'with a signature that is not ours',
      as: all('link-expired'),
      request: async (scene) => ({
        ...(await ofHost(scene)),
        query: { for: scene.people.host.id, expires: Date.now() + 60_000, signature: 'A'.repeat(43) },
      }),
    },
  ],
  deleteFile: [
    {
      about: 'of one’s own',
      as: [204, 204, 204, 204, hidden, hidden, hidden, 204, anon],
      changes: 'caller',
      request: (scene) => fileOf(scene, scene.me),
    },
    {
      about: 'of a participant',
      as: [204, 204, 204, 'forbidden', hidden, hidden, hidden, 'forbidden', anon],
      changes: 'caller',
      request: (scene) => fileOf(scene, scene.people.participant),
    },
  ],
}
