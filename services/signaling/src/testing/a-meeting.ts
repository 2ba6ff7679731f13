import type { Meeting } from '@parley/contracts'
import { newId } from '@parley/kit'

export const aMeeting = (changed: Partial<Meeting> = {}): Meeting => ({
  id: newId(),
  code: 'abc-defg-hij',
  joinLink: 'http://localhost/m/abc-defg-hij',
  title: 'Test',
  description: '',
  type: 'public',
  status: 'waiting',
  hostId: newId(),
  scheduledAt: null,
  durationMinutes: null,
  timeZone: 'UTC',
  hasPasscode: false,
  maxParticipants: 50,
  settings: {
    video: true,
    audio: true,
    screenShare: true,
    chat: true,
    waitingRoom: false,
    recording: false,
    guestsAllowed: true,
    topology: 'auto',
  },
  version: 1,
  createdAt: new Date().toISOString(),
  updatedAt: new Date().toISOString(),
  startedAt: null,
  endedAt: null,
  ...changed,
})
