import { may, type RoomChange, type Meeting, type Participant } from '@parley/contracts'
import type { RoomState } from './state.ts'

type Shown = Pick<Participant, 'mic' | 'cam' | 'screen'>

/** The part of `participant` that the settings of the meeting let be shown: moderators may show what others may not. */
export function allowedOf({ settings }: Meeting, participant: Participant): Shown {
  const { mic, cam, screen, role } = participant
  if (may(role, 'moderate')) return { mic, cam, screen }
  return { mic: mic && settings.audio, cam: cam && settings.video, screen: screen && settings.screenShare }
}

/** The changes that turn off what the settings do not allow these participants, as they are by then. */
export const switchedOff = (meeting: Meeting, participants: readonly Participant[]): RoomChange[] =>
  participants.flatMap((participant) => {
    const shown = allowedOf(meeting, participant)
    const same = (['mic', 'cam', 'screen'] as const).every((kind) => shown[kind] === participant[kind])
    return same ? [] : [{ kind: 'media', participantId: participant.id, ...shown }]
  })

/** Media that is not allowed any more goes off with the settings. */
export function changeMeeting(room: RoomState, meeting: Meeting): RoomChange[] {
  if (meeting.version <= (room.meeting?.version ?? 0)) return []
  const participants = [...room.seats.values()].map((seat) => seat.participant)
  return [{ kind: 'meeting', meeting }, ...switchedOff(meeting, participants)]
}
