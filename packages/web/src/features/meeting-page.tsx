import type { Room } from '@parley/client'
import type { Problem, User } from '@parley/contracts'
import { useEffect, useState } from 'preact/hooks'
import type { InviteKey } from '../router.ts'
import { useServices } from '../services.ts'
import { attempt } from '../ui/attempt.ts'
import { useFocusOnScreen } from '../ui/use-focus.ts'
import { GuestPage } from './auth/guest-page.tsx'
import { EndedPage } from './ended-page.tsx'
import { createLocalMedia, type LocalMedia } from './media/local-media.ts'
import { PrejoinPage } from './prejoin/prejoin-page.tsx'
import { Returning } from './returning.tsx'
import { RoomPage } from './room/room-page.tsx'

/** How a stay in a meeting ended. */
export type Ending =
  | { why: 'left' }
  | { why: 'ended' | 'removed'; reason: string }
  | { why: 'lost'; problem: Problem | null }

type Phase =
  | { at: 'returning' }
  | { at: 'door' }
  | { at: 'room'; room: Room; media: LocalMedia }
  | { at: 'over'; ending: Ending; title: string }

/** Everything behind `/m/<code>`: the door, the room, and after it. */
export function MeetingPage({ code, invite }: { code: string; invite: InviteKey | null }) {
  const user = useServices().session.user.value
  const [phase, setPhase] = useState<Phase>({ at: user === null ? 'door' : 'returning' })
  useFocusOnScreen(phase.at)
  useEffect(() => {
    if (phase.at !== 'room') return
    return () => attempt(phase.room.leave())
  }, [phase])
  switch (phase.at) {
    case 'returning':
      return (
        <Returning code={code} onDone={(back) => setPhase(back === null ? { at: 'door' } : { at: 'room', ...back })} />
      )
    case 'door':
      return user === null ? (
        <GuestPage code={code} invite={invite} />
      ) : (
        <Door
          key={user.id}
          code={code}
          invite={invite}
          user={user}
          onJoined={(room, media) => setPhase({ at: 'room', room, media })}
        />
      )
    case 'room':
      return (
        <RoomPage
          room={phase.room}
          media={phase.media}
          onOver={(ending) => setPhase({ at: 'over', ending, title: phase.room.state.get().meeting.title })}
        />
      )
    case 'over':
      return (
        <EndedPage code={code} title={phase.title} ending={phase.ending} onRejoin={() => setPhase({ at: 'door' })} />
      )
    default:
      return phase satisfies never
  }
}

interface DoorProps {
  code: string
  invite: InviteKey | null
  user: User
  onJoined: (room: Room, media: LocalMedia) => void
}

/** The door with devices of its own; they are let go when one walks away from it, and taken along into the room. */
function Door({ code, invite, user, onJoined }: DoorProps) {
  const [media] = useState(createLocalMedia)
  const [taken] = useState({ along: false })
  useEffect(
    () => () => {
      if (!taken.along) media.stop()
    },
    [],
  )
  const join = (room: Room) => {
    taken.along = true
    onJoined(room, media)
  }
  return <PrejoinPage code={code} invite={invite} user={user} media={media} onJoined={join} />
}
