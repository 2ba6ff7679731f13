import { describe, expect, it } from 'vitest'
import { aMeeting } from '../testing/a-meeting.ts'
import { aLiveRoom, aSeat } from '../testing/live-rooms.ts'
import { LocalSession, type PeerSocket } from '../session/local-session.ts'

/** A socket that keeps what is sent to it, and why it was closed. */
function aSocket() {
  const said: string[] = []
  const keep = (frame: Buffer): void => void said.push(/"type":"([a-z.]+)"/.exec(frame.toString())?.[1] ?? '')
  const socket: PeerSocket = {
    idle: true,
    send: keep,
    castWith: (_cast, frame) => keep(frame),
    close: (why) => void said.push(why),
  }
  return { said, socket }
}

describe('C6 T30 the last words of a room', () => {
  it('get to those whose answer has yet to go out, and to everybody once', async () => {
    const { room } = aLiveRoom()
    const meeting = aMeeting({ id: room.meetingId })
    const come = async (id: string) => {
      const { said, socket } = aSocket()
      const local = new LocalSession({ participantId: id, sessionId: `s-${id}`, userId: `u-${id}` })
      const entry = local.enter(socket)
      room.locals.set(id, local)
      await room.submit({ kind: 'join', seat: aSeat(id), meeting, seatsPerPerson: 10 })
      entry.take()
      return { local, said }
    }
    const ann = await come('ann')
    ann.local.release(room.state.v)
    // Nobody has answered him yet: a session that moves waits for its former node.
    const ben = await come('ben')
    await room.submit({ kind: 'end', reason: 'host', seq: 1 })
    expect(ann.said.slice(-2)).toEqual(['room.ended', 'meetingEnded'])
    expect(ben.said).toEqual(['room.ended', 'meetingEnded'])
  })
})
