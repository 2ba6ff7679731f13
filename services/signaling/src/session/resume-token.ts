import { createHash, randomBytes } from 'node:crypto'

/** Where a session belongs, readable by any node, and a secret that only the client has. */
export interface ResumeToken {
  meetingId: string
  participantId: string
  epoch: string
  token: string
  /** The stored form of it: SHA-256, base64url. */
  hash: string
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url')

/** A new token for a session in the room's present epoch; 144 random bits. */
export function issueResumeToken(meetingId: string, participantId: string, epoch: string): ResumeToken {
  const token = [meetingId, participantId, epoch, randomBytes(18).toString('base64url')].join('.')
  return { meetingId, participantId, epoch, token, hash: hashOf(token) }
}

const shape = /^([0-9a-f-]{36})\.([0-9a-f-]{36})\.([0-9a-f-]{36})\.[\w-]{24}$/

/** Null if it is not one of ours by its form. */
export function readResumeToken(token: string): ResumeToken | null {
  const [, meetingId, participantId, epoch] = shape.exec(token) ?? []
  if (meetingId === undefined || participantId === undefined || epoch === undefined) return null
  return { meetingId, participantId, epoch, token, hash: hashOf(token) }
}
