import type { Meeting, Participant, Recording, RoomSnapshot, ServerMessage } from '@parley/contracts'
import type { Reducer } from './play.ts'

interface View {
  v: number
  meeting: Meeting
  participants: Map<string, Participant>
  recording: Recording | null
}

/** A client's view, made of snapshots and broadcasts by the protocol alone. */
export const protocolFold: Reducer<View> = {
  from: ({ v, meeting, selfParticipant, peers, recording }: RoomSnapshot) => ({
    v,
    meeting,
    recording: recording ?? null,
    participants: new Map([selfParticipant, ...peers].map((one) => [one.id, one])),
  }),
  apply(view, message) {
    if (message.type === 'room.snapshot') return protocolFold.from(message.payload)
    const next = { ...view, participants: new Map(view.participants) }
    fold(next, message)
    return next
  },
  look: (view) => view,
}

function fold(view: View, { type, payload }: ServerMessage): void {
  if ('v' in payload) view.v = payload.v
  switch (type) {
    case 'participant.joined':
      view.participants.set(payload.participant.id, payload.participant)
      return
    case 'participant.left':
      view.participants.delete(payload.participantId)
      return
    case 'meeting.updated':
      view.meeting = payload.meeting
      return
    case 'recording.changed':
      view.recording = payload.recording
      return
    case 'room.delta':
      for (const id of payload.left) view.participants.delete(id)
      for (const one of payload.upserts) view.participants.set(one.id, one)
      view.meeting = payload.meeting ?? view.meeting
      view.recording = payload.recording ?? view.recording
      return
    case 'participant.updated':
    case 'media.changed':
    case 'hand.changed':
      change(view, payload)
  }
}

function change({ participants }: View, payload: object): void {
  const { participantId, ...fields } = payload as { participantId: string; [field: string]: unknown }
  const known = participants.get(participantId)
  if (!known) return
  const names = ['role', 'name', 'connection', 'mic', 'cam', 'screen', 'hand', 'spotlight']
  const changed = Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)))
  participants.set(participantId, { ...known, ...changed })
}
