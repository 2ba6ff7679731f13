import type { IceServer, RoomResumed } from '@parley/contracts'
import { joinAttempts, tryResume, beforeNext, type EnterDeps, type Entered, type ResumableSession } from './enter.ts'
import type { Joined } from './room-deps.ts'
import { nextAfter } from './next.ts'

/** The data that a page leaves in the tab when it goes away. With it the page after a reload is the same participant. */
export interface KeptPlace {
  session: ResumableSession
  participantId: string
  /** The highest generation of a peer connection: those of the next page must be higher. */
  generation: number
  /** Media went through an SFU. */
  sfu: boolean
  displayName?: string
}

/** A text of `JSON.stringify`, if it is a place; whatever else is there is none. */
export function readPlace(text: string | null): KeptPlace | null {
  if (text === null) return null
  try {
    const place = JSON.parse(text) as Partial<KeptPlace> | null
    const { url, sessionId, resumeToken } = place?.session ?? {}
    const texts = [url, sessionId, resumeToken, place?.participantId].every((value) => typeof value === 'string')
    return texts && typeof place?.generation === 'number' ? (place as KeptPlace) : null
  } catch {
    return null
  }
}

/** A kept place that is taken again: what `room.joined` would have said. */
export interface Retaken {
  entered: Entered
  joined: Joined
}

/** Resumes the session of a kept place; null when that is not possible (any more), so one has to join. */
export async function retake(
  deps: EnterDeps & { iceServers(): Promise<readonly IceServer[]> },
  place: KeptPlace,
): Promise<Retaken | null> {
  const servers = deps.iceServers()
  for (let attempt = 1; ; attempt++) {
    try {
      const entered = await tryResume(deps, place.session, () => ({ v: 0 }))
      const joined = joinedBy(entered, place, await servers)
      if (joined !== null) return { entered, joined }
      entered.socket.drop()
      return null
    } catch (error) {
      const next = nextAfter(error)
      if (next.is !== 'again' || attempt >= joinAttempts) return null
      await beforeNext(deps, next, attempt)
    }
  }
}

function joinedBy(entered: Entered, place: KeptPlace, iceServers: readonly IceServer[]): Joined | null {
  if (entered.how.is !== 'resumed') return null
  const { participantId, generation, sfu: awaitsSfu } = place
  const { delta, snapshot, chatSeq, chatRev, lobby, lv } = entered.how.resumed
  const { sessionId, resumeToken } = entered.session
  const whole = snapshot ?? wholeOf(delta, participantId)
  return (
    whole && {
      ...whole,
      chatSeq,
      ...(chatRev !== undefined && { chatRev }),
      ...(lobby && { lobby }),
      ...(lv !== undefined && { lv }),
      iceServers: [...iceServers],
      sessionId,
      resumeToken,
      resumeWindowMs: 0,
      graceMs: 0,
      generation,
      awaitsSfu,
    }
  )
}

/** A delta since version 0 has everything; null where it has not. */
function wholeOf(delta: RoomResumed['delta'], participantId: string) {
  const selfParticipant = delta?.upserts.find(({ id }) => id === participantId)
  if (!delta?.meeting || !selfParticipant) return null
  const { meeting, recording, v, upserts } = delta
  const peers = upserts.filter(({ id }) => id !== participantId)
  return { meeting, selfParticipant, peers, v, ...(recording && { recording }) }
}
