import type { Participant } from '@parley/contracts'
import type { Recorder } from '../history/recorder.ts'
import type { Crowd } from './crowd.ts'
import { RawClient } from './raw-client.ts'

/**
 * Somebody who was in the first room, has left it, and keeps the socket: nothing of any room may come to it from then on.
 * Resolves to what ends it.
 */
export async function placeOutsider({ meetings }: Crowd, recorder: Recorder, url: string): Promise<() => void> {
  const [meeting] = meetings
  const [guide] = meeting?.attendees ?? []
  if (meeting === undefined || guide === undefined) return () => undefined
  const parley = await guide.sibling('outsider')
  const { roomToken } = await parley.rest.join({ body: { code: meeting.code } })
  const raw = await RawClient.open(url, await parley.accessToken(), meeting.id)
  const { payload } = await raw.request('room.join', { roomToken, device: { mic: false, cam: false } })
  recorder.leaving.add((payload['selfParticipant'] as Participant).id)
  await raw.request('room.leave', {})
  raw.onFrame = (frame) => recorder.frameIn('outsider', frame)
  return () => {
    raw.socket.terminate()
    parley.close()
  }
}
