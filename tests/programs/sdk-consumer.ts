/**
 * A program as users write it after installing `@parley/client`: a guest joins a meeting, chats, and leaves. The test of the package
 * compiles it outside of the monorepo, and runs it in Node and in bundled pages.
 */
import { createParley, ParleyError, type Room, type RoomState } from '@parley/client'

/** Resolves to the number of the message that was said. */
export async function meet(url: string, code: string, name: string): Promise<number> {
  const parley = createParley({ url })
  const user = await parley.signInAsGuest({ name })
  if (user.name !== name) throw new Error(`Signed in as ${user.name}`)
  await refusal(parley.rest.getMeeting({ params: { id: user.id } }))
  const room = await parley.join({ code, device: { mic: false, cam: false } })
  const heard = hears(room, `${name} is here`)
  const message = await room.sendMessage(`${name} is here`)
  if (message === null) throw new Error('The message was refused')
  await heard
  await room.leave()
  await parley.signOut()
  parley.close()
  return message.seq
}

async function refusal(call: Promise<unknown>): Promise<void> {
  const error: unknown = await call.catch((reason: unknown) => reason)
  if (!(error instanceof ParleyError) || error.code !== 'not-found') throw new Error('A wrong id was not refused')
}

const hears = (room: Room, text: string): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      const state: RoomState = room.state.get()
      if (!state.messages.some((message) => message.text === text)) return
      stop()
      resolve()
    }
    const stop = room.state.subscribe(look)
  })
