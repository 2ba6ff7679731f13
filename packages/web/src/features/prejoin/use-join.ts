import type { Parley, Room } from '@parley/client'
import type { Problem } from '@parley/contracts'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { InviteKey } from '../../router.ts'
import { useServices } from '../../services.ts'
import { useTask } from '../../ui/use-task.ts'
import { audioContext } from '../media/level.ts'
import type { LocalMedia } from '../media/local-media.ts'

interface JoinFormInput {
  code: string
  passcode?: string
  displayName?: string
  /** To be accepted first. */
  invite?: InviteKey
}

export interface JoinState {
  busy: boolean
  /** Why the last try did not lead in. */
  problem: Problem | null
  /** The place in the queue while one waits to be let in, 1 is first. */
  position: number | null
  /** The last try ended in the lobby, not at the door. */
  waited: boolean
  start(entry: JoinFormInput): void
  /** Gives the place in the queue up. */
  giveUp(): void
  /** Forgets the last try. */
  reset(): void
}

/** How long one waits at the door for a camera that is being opened; longer only if a question of the browser is open. */
const openingMs = 8_000

/** Entering a meeting, with the wait in its lobby. Walking away from the page gives it up. */
export function useJoin(media: LocalMedia, onJoined: (room: Room) => void): JoinState {
  const { session } = useServices()
  const entry = useRef<JoinFormInput | null>(null)
  const attempt = useRef<AbortController | null>(null)
  const [position, setPosition] = useState<number | null>(null)
  const [waited, setWaited] = useState(false)
  const task = useTask(async () => {
    if (entry.current === null) return
    audioContext()
    const mine = new AbortController()
    attempt.current = mine
    setWaited(false)
    const onWaiting = (place: number) => {
      setWaited(true)
      setPosition(place)
    }
    await media.opened(openingMs)
    const device = { mic: media.mic.on.value, cam: media.cam.on.value }
    const { signal } = mine
    const { invite, ...wanted } = entry.current
    try {
      if (invite) await accept(session.parley, invite)
      const room = await session.parley.join({
        ...wanted,
        device,
        localStream: media.handOver(),
        onWaiting,
        signal,
      })
      if (signal.aborted) return await room.leave()
      // From here on the room ends by its own means; what is aborted later must not reach it.
      attempt.current = null
      onJoined(room)
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      setPosition(null)
    }
  })
  const giveUp = () => {
    attempt.current?.abort()
    attempt.current = null
    setWaited(false)
  }
  useEffect(() => giveUp, [])
  return {
    busy: task.busy,
    problem: task.problem,
    position,
    waited,
    start(given) {
      entry.current = given
      task.start()
    },
    giveUp,
    reset: () => {
      setWaited(false)
      task.reset()
    },
  }
}

const accept = (parley: Parley, { id, token }: InviteKey) =>
  parley.rest.acceptInvite({ params: { inviteId: id }, body: { token } })
