import type { Meeting, Message, Participant, User } from '@parley/contracts'

const at = '2026-01-01T00:00:00.000Z'

/** An id that looks like a UUIDv7 and ends in `n`. */
export const id = (n: number): string => `01900000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`

export const sampleUser = (n: number): User => ({
  id: id(n),
  kind: 'user',
  email: `u${n}@example.com`,
  emailVerified: false,
  name: `User ${n}`,
  username: null,
  createdAt: at,
  updatedAt: at,
})

export const sampleMeeting = (changes: Partial<Meeting> = {}): Meeting => ({
  id: id(1000),
  code: 'abc-defg-hij',
  joinLink: 'http://localhost/abc-defg-hij',
  title: 'A meeting',
  description: '',
  type: 'public',
  status: 'live',
  hostId: id(1),
  scheduledAt: null,
  durationMinutes: null,
  timeZone: 'UTC',
  hasPasscode: false,
  maxParticipants: 100,
  settings: {
    video: true,
    audio: true,
    screenShare: true,
    chat: true,
    waitingRoom: false,
    recording: false,
    guestsAllowed: true,
    topology: 'mesh',
  },
  version: 1,
  createdAt: at,
  updatedAt: at,
  startedAt: at,
  endedAt: null,
  ...changes,
})

export const sampleParticipant = (n: number, changes: Partial<Participant> = {}): Participant => ({
  id: id(n),
  userId: id(n + 500),
  name: `Person ${n}`,
  role: 'participant',
  guest: false,
  mic: true,
  cam: true,
  screen: false,
  hand: null,
  connection: 'connected',
  joinedAt: at,
  ...changes,
})

export const sampleMessage = (seq: number, changes: Partial<Message> = {}): Message => ({
  id: id(seq),
  seq,
  type: 'text',
  text: `message ${seq}`,
  sender: { id: id(1), name: 'User 1' },
  clientMessageId: `client-message-${seq}`,
  sentAt: at,
  ...changes,
})
