import type { IceServer, Tokens } from '@parley/contracts'
import type { EventsOptions, JoinInput, Parley, ParleyOptions, Room } from './api.ts'
import { AuthSession } from './auth-session.ts'
import { joinPatiently, reconnectBackoff } from './enter.ts'
import { inBrowser } from './environment.ts'
import { createEvents } from './events.ts'
import { uploadFile } from './files/upload.ts'
import { readPlace, retake, type KeptPlace } from './kept-place.ts'
import { localError } from './problem.ts'
import { createCaller, createRest, type RestClient } from './rest.ts'
import { startRoom } from './room.ts'
import type { RoomDeps } from './room-deps.ts'
import { socketTiming } from './socket.ts'
import { memoryTokenStorage } from './token-storage.ts'

/** Where the class of WebSockets comes from when `ParleyOptions` names none. */
export type FindWebSocket = () => Promise<typeof WebSocket>

/** The client of the product behind one gateway URL. Nothing is sent until something is asked of it. */
export function createParley(options: ParleyOptions = {}): Parley {
  return createParleyWith(options, async () => globalThis.WebSocket)
}

/** The same, for an environment that has to look for its WebSocket first. */
export function createParleyWith(options: ParleyOptions, findWebSocket: FindWebSocket): Parley {
  const { tokenDelivery = inBrowser() ? 'cookie' : 'body', tokenStorage: storage = memoryTokenStorage() } = options
  const fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const call = createCaller({ url: baseUrlOf(options), fetch })
  const { onSignedOut } = options
  const auth = new AuthSession({ call, tokenDelivery, storage, ...(onSignedOut ? { onSignedOut } : {}) })
  const rest = createRest(call, auth)
  const rooms = new Set<Room>()
  const closed = new AbortController()
  /** A stream is of who is signed in when it is asked for, and ends with them. */
  const events = ({ signal, ...others }: EventsOptions) => {
    const tokens = auth.pin()
    const signals = [closed.signal, tokens.gone, ...(signal ? [signal] : [])]
    const streams = createEvents({ url: baseUrlOf(options), fetch, tokens })
    return { streams, on: { ...others, signal: AbortSignal.any(signals) } }
  }
  const adoptRoom = (room: Room): Room => {
    rooms.add(room)
    const stop = room.state.subscribe(() => {
      const { state } = room.state.get().status
      if (state === 'joined' || state === 'reconnecting') return
      rooms.delete(room)
      stop()
    })
    return room
  }
  const adopt = (answer: { body: Tokens }) => auth.adopt(answer.body)
  return {
    rest,
    user: auth.user,
    signUp: async (input) => adopt(await call('register', { body: { ...input, tokenDelivery } })),
    signIn: async (input) => adopt(await call('login', { body: { ...input, tokenDelivery } })),
    signInAsGuest: async (input) => adopt(await call('guest', { body: { ...input, tokenDelivery } })),
    restore: () => auth.restore(),
    signOut: () => auth.signOut(),
    accessToken: () => auth.current(),
    meetingEvents(id, options = {}) {
      const { streams, on } = events(options)
      return streams.meeting(id, on)
    },
    userEvents(options = {}) {
      const { streams, on } = events(options)
      return streams.user(on)
    },
    upload: (input) =>
      uploadFile(
        {
          create: (body) => rest.createFile({ body }),
          complete: (id) => rest.completeFile({ params: { id } }),
          fetch,
          url: baseUrlOf(options),
          tokens: auth,
          backoff: reconnectBackoff,
        },
        input,
      ),
    async join(input) {
      const WebSocket = options.WebSocket ?? (await findWebSocket())
      return adoptRoom(await enter(roomDeps({ ...options, WebSocket }, rest, auth, input), input))
    },
    async resume({ code, localStream = null }) {
      const place = readPlace(options.placeStorage?.take(code) ?? null)
      if (place === null) return null
      const { displayName } = place
      const input = { code, localStream, ...(displayName === undefined ? {} : { displayName }) }
      const WebSocket = options.WebSocket ?? (await findWebSocket())
      const room = await goOn(roomDeps({ ...options, WebSocket }, rest, auth, input), input, place)
      return room && adoptRoom(room)
    },
    close() {
      for (const room of rooms) void room.leave()
      closed.abort()
      auth.close()
    },
  }
}

async function enter(deps: RoomDeps, input: JoinInput): Promise<Room> {
  const entered = await joinPatiently(deps, input.device)
  if (entered.how.is !== 'joined') throw localError('internal', 'The server resumed what was to be joined')
  return startRoom(deps, input, entered, entered.how.joined)
}

/** The room of a kept place; null if it cannot be taken again. A share of the screen has ended with its page. */
async function goOn(
  deps: RoomDeps & Pick<Parameters<typeof retake>[0], 'iceServers'>,
  input: EnterInput,
  place: KeptPlace,
) {
  const retaken = await retake(deps, place)
  if (retaken === null) return null
  const { entered, joined } = retaken
  const { mic, cam, screen } = joined.selfParticipant
  const room = startRoom(deps, { ...input, device: { mic, cam } }, entered, joined)
  if (screen) room.stopScreen().catch(deps.report)
  return room
}

type EnterInput = Omit<JoinInput, 'device'>

function roomDeps(
  options: ParleyOptions & Pick<RoomDeps, 'WebSocket'>,
  rest: RestClient,
  auth: AuthSession,
  input: EnterInput,
) {
  const { code, passcode, displayName, onWaiting, signal } = input
  const tokens = auth.pin()
  const report = options.onWarning ?? ((error: unknown) => console.warn('parley', error))
  const body = {
    code,
    ...(passcode === undefined ? {} : { passcode }),
    ...(displayName === undefined ? {} : { displayName }),
  }
  return {
    auth: { ...tokens, token: auth.token },
    admit: () => rest.join({ body }),
    listMessages: (id, query) => rest.listMessages({ params: { id }, query }),
    lobby: {
      ...(onWaiting ? { onWaiting } : {}),
      signal: signal ? AbortSignal.any([signal, tokens.gone]) : tokens.gone,
    },
    lobbyOf: async (id) => rest.lobby({ params: { id } }),
    iceServers: async () => {
      try {
        return (await rest.iceServers()).iceServers
      } catch (error) {
        report(error)
        return []
      }
    },
    goodbye({ meeting: { id }, self: { id: participantId } }, left) {
      sayGoodbye(options, auth.token.get(), { id, participantId })
      const place: KeptPlace = { ...left, participantId, ...(displayName === undefined ? {} : { displayName }) }
      options.placeStorage?.put(code, JSON.stringify(place))
      return options.placeStorage !== undefined
    },
    WebSocket: options.WebSocket,
    timing: socketTiming,
    backoff: reconnectBackoff,
    report,
  } satisfies RoomDeps & { iceServers(): Promise<readonly IceServer[]> }
}

/** By a request that the browser carries out after the page is gone. Without it the others wait until the grace is over. */
function sayGoodbye(
  options: ParleyOptions,
  token: string | null,
  { id, participantId }: { id: string; participantId: string },
): void {
  if (!inBrowser() || token === null) return
  const fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ participantId })
  fetch(`${baseUrlOf(options)}/v1/meetings/${id}/goodbye`, { method: 'POST', keepalive: true, headers, body }).catch(
    options.onWarning ?? ((error: unknown) => console.warn('parley', error)),
  )
}

function baseUrlOf({ url }: ParleyOptions): string {
  if (url !== undefined) return url
  if (inBrowser()) return window.location.origin
  throw new TypeError('Outside of a browser, createParley needs the url of a gateway')
}
