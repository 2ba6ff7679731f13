import type { RoomChange, RoomCommand } from '@parley/contracts'
import type { RoomState } from './state.ts'

/** Takes news of a recording, unless the room knows newer: ids of recordings grow with time, and `rev` with the changes of one. */
export function takeRecording(
  { recording: known }: RoomState,
  { recording, rev }: Extract<RoomCommand, { kind: 'recording' }>,
): RoomChange[] {
  const { id } = recording
  const isNews = known === null || id > known.recording.id || (id === known.recording.id && rev > known.rev)
  return isNews ? [{ kind: 'recording', recording, rev }] : []
}
