/** A process that holds a part of a crowd's sockets, and does what its parent says. */
import type WebSocket from 'ws'
import { bareRooms, isSocketIoEvent, socketIoRooms } from '../peers/crowd.ts'
import { isMediaChanged, join, openSocket, request, toggleCam, type Joined } from '../product/participant.ts'
import { several, type Guest } from '../product/people.ts'
import type { Done, Order } from './protocol.ts'

interface Member {
  url: string
  guest: Guest
  socket: WebSocket
  joined: Joined
}

const members: Member[] = []
const peers: WebSocket[] = []
let broadcasts = 0

const orders: { [K in Order['kind']]: (order: Extract<Order, { kind: K }>) => Promise<Done> } = {
  join: ({ url, guests }) =>
    attempt(guests.length, 8, async (index) => {
      const guest = guests[index]
      if (guest === undefined) return
      const socket = await openSocket(url, guest)
      socket.on('message', countBroadcast)
      const joined = await join(socket, guest)
      members.push({ url, guest, socket, joined })
    }),
  open: async ({ peer, url, rooms, people }) => {
    const opened = peer === 'bare' ? await bareRooms(url, rooms, people) : await socketIoRooms([url], rooms, people)
    peers.push(...opened.flat())
    for (const socket of peers) socket.on('message', (data: Buffer) => (broadcasts += isSocketIoEvent(data) ? 1 : 0))
    return nothingFailed(peers.length)
  },
  speak: async () => {
    const first = new Map(members.map(({ guest, socket }) => [guest.meetingId, socket]))
    for (const socket of first.values()) toggleCam(socket)
    return nothingFailed(first.size)
  },
  count: async () => nothingFailed(broadcasts),
  resume: () => {
    for (const { socket } of members) socket.terminate()
    return attempt(members.length, members.length, (index) => resumeUntilDone(members[index]))
  },
}

function countBroadcast(data: Buffer): void {
  if (isMediaChanged(data)) broadcasts += 1
}

const nothingFailed = (count: number): Done => ({ count, failed: 0, reasons: [], delays: [] })
const maxReasons = 3

async function attempt(count: number, atOnce: number, act: (index: number) => Promise<void>): Promise<Done> {
  const done = nothingFailed(0)
  await several(count, atOnce, async (index) => {
    const begun = performance.now()
    try {
      await act(index)
      done.count += 1
      done.delays.push(performance.now() - begun)
    } catch (error) {
      done.failed += 1
      if (done.reasons.length < maxReasons) done.reasons.push(String(error))
    }
  })
  return done
}

const giveUpMs = 30_000
const againMs = 250

/** The behaviour of the SDK, without its random waiting: the hardest storm. Retryable requests are tried again. */
async function resumeUntilDone(member: Member | undefined): Promise<void> {
  if (member === undefined) return
  const until = performance.now() + giveUpMs
  const { guest, url, joined } = member
  const { sessionId, resumeToken, v } = joined
  for (;;) {
    try {
      member.socket = await openSocket(url, guest)
      const { payload } = await request(member.socket, 'room.resume', { sessionId, resumeToken, v })
      member.joined = { ...joined, resumeToken: String(payload['resumeToken']) }
      return
    } catch (error) {
      member.socket.terminate()
      if (performance.now() > until || String(error).includes('resume-failed')) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, againMs))
  }
}

process.on('message', (order: Order) => void answer(order))
// Waiting for orders is what it is here for; what the launcher preloads lets a process end that has nothing else to do.
process.channel?.ref()

async function answer(order: Order): Promise<void> {
  // The mapped type has paired them; for a union TypeScript cannot follow.
  const act = orders[order.kind] as (order: Order) => Promise<Done>
  try {
    process.send?.(await act(order))
  } catch (error) {
    process.send?.({ ...nothingFailed(0), failed: 1, reasons: [String(error)] } satisfies Done)
  }
}
process.once('disconnect', () => process.exit(0))
