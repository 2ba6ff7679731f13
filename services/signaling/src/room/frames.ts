import type { Participant, ServerMessage } from '@parley/contracts'
import { textFrame } from '@parley/kit'

export const messageFrame = ({ type, payload }: ServerMessage): Buffer =>
  textFrame(answerText(type, undefined, payload))

/** An answer, or an error, to one request; kept as text, for a small frame holds on to 8 KiB of Node's buffer pool. */
export const answerText = (type: string, requestId: string | undefined, payload: object): string =>
  `${JSON.stringify({ type, requestId }).slice(0, -1)},"payload":${payloadText(payload)}}`

/** A participant is never mutated, so that it is serialised once, however many are told of it. */
const participantTexts = new WeakMap<Participant, string>()

function participantText(participant: Participant): string {
  const known = participantTexts.get(participant)
  if (known !== undefined) return known
  const text = JSON.stringify(participant)
  participantTexts.set(participant, text)
  return text
}

/** As `JSON.stringify(payload)`; in a snapshot the list of peers, nearly all of it, is put together from what is known. */
function payloadText(payload: object): string {
  if ('peers' in payload) {
    const { peers, ...rest } = payload as { peers: readonly Participant[] }
    return `${JSON.stringify(rest).slice(0, -1)},"peers":[${peers.map(participantText).join(',')}]}`
  }
  if ('snapshot' in payload) {
    const { snapshot, ...rest } = payload as { snapshot: object }
    return `${JSON.stringify(rest).slice(0, -1)},"snapshot":${payloadText(snapshot)}}`
  }
  return JSON.stringify(payload)
}

/** The numbers that tell a client whether it missed something; `room` is null where it is in none. */
export const pingFrame = (
  room: { state: { v: number }; chatSeq: number; chatRev: number } | null,
  now: number,
): Buffer => {
  const { chatSeq, chatRev } = room ?? { chatSeq: 0, chatRev: 0 }
  const payload = { v: room?.state.v ?? 0, chatSeq, chatRev, serverTime: new Date(now).toISOString() }
  return messageFrame({ type: 'ping', payload })
}
