import type { Room } from '@parley/client'
import { useEffect, useState } from 'preact/hooks'
import { useServices } from '../../services.ts'
import { useTitle } from '../../ui/use-title.ts'
import { ChatPanel } from '../chat/chat-panel.tsx'
import type { LocalMedia } from '../media/local-media.ts'
import type { Ending } from '../meeting-page.tsx'
import { PeoplePanel } from '../people/people-panel.tsx'
import { AudioSinks } from './audio-sinks.tsx'
import { Banners } from './banners.tsx'
import { ControlBar } from './control-bar.tsx'
import { ReactionLayer } from './reaction-layer.tsx'
import { RoomDialogs } from './room-dialogs.tsx'
import { RoomHeader } from './room-header.tsx'
import { createRoomModel, type RoomModel } from './room-model.ts'
import { Stage } from './stage.tsx'
import { useHotkeys, usePushToTalk } from './use-hotkeys.ts'
import { useWakeLock } from './use-wake-lock.ts'

interface RoomPageProps {
  room: Room
  media: LocalMedia
  onOver: (ending: Ending) => void
}

/** The meeting itself. */
export function RoomPage({ room, media, onOver }: RoomPageProps) {
  const { session } = useServices()
  const [model] = useState(() => createRoomModel(session.parley, room, media))
  useEffect(() => () => model.stop(), [model])
  const leave = () => onOver({ why: 'left' })
  useEnding(model, onOver)
  useBack(() => (model.dialog.value = 'leave'))
  useHotkeys(model)
  usePushToTalk(model)
  useWakeLock()
  const unread = model.unread.value
  useTitle(`${unread > 0 ? `(${unread}) ` : ''}${model.state.value.meeting.title}`)
  const panel = model.panel.value
  return (
    <div
      class={`room${panel === 'none' ? '' : ' room--with-panel'}`}
      data-testid="room"
      data-carrier={model.state.value.carrier.by}
    >
      <RoomHeader model={model} />
      <main class="room__main">
        <Banners model={model} onLeave={leave} />
        <Stage model={model} />
        <ReactionLayer reactions={model.reactions} />
      </main>
      {panel === 'chat' && <ChatPanel model={model} />}
      {panel === 'people' && <PeoplePanel model={model} />}
      <ControlBar model={model} onLeave={leave} />
      <AudioSinks model={model} />
      <RoomDialogs model={model} onLeave={leave} />
    </div>
  )
}

/**
 * Calls `back` when the browser's Back is pressed, and stays: a call has an entry of its own in the history. So Back does not leave the
 * page, whatever came before it.
 */
function useBack(back: () => void): void {
  useEffect(() => {
    const stay = () => history.pushState({ inCall: true }, '', location.href)
    if ((history.state as { inCall?: boolean } | null)?.inCall !== true) stay()
    const pressed = () => {
      stay()
      back()
    }
    addEventListener('popstate', pressed)
    return () => removeEventListener('popstate', pressed)
  }, [])
}

function useEnding(model: RoomModel, onOver: (ending: Ending) => void): void {
  const { status } = model.state.value
  useEffect(() => {
    if (status.state === 'joined' || status.state === 'reconnecting') return
    if (status.state === 'left') onOver({ why: 'left' })
    else if (status.state === 'lost') onOver({ why: 'lost', problem: status.problem })
    else onOver({ why: status.state, reason: status.reason })
  }, [status])
}
