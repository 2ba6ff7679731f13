import { useEffect } from 'preact/hooks'
import { toggleDevice, toggleHand, togglePanel } from './actions.ts'
import type { RoomModel } from './room-model.ts'

/** The keys of the room and what they do, as the help lists them. */
export const hotkeys: readonly { key: string; does: string; run: (model: RoomModel) => void }[] = [
  { key: 'm', does: 'Microphone on or off', run: (model) => void toggleDevice(model, 'mic') },
  { key: 'v', does: 'Camera on or off', run: (model) => void toggleDevice(model, 'cam') },
  { key: 'h', does: 'Raise or lower your hand', run: toggleHand },
  { key: 'c', does: 'Chat', run: (model) => togglePanel(model, 'chat') },
  { key: 'p', does: 'People', run: (model) => togglePanel(model, 'people') },
  {
    key: 'l',
    does: 'Grid or speaker',
    run: ({ layout }) => void (layout.value = layout.peek() === 'grid' ? 'speaker' : 'grid'),
  },
  { key: '?', does: 'This help', run: (model) => void (model.dialog.value = 'shortcuts') },
]

/** Listens for the keys of the room, except while somebody types or a dialog is open. */
export function useHotkeys(model: RoomModel): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return
      if (model.dialog.peek() !== 'none') return
      const hotkey = hotkeys.find(({ key }) => key === event.key.toLowerCase())
      if (hotkey === undefined) return
      event.preventDefault()
      hotkey.run(model)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [model])
}

/** While Space is held, a microphone that was off is on. */
export function usePushToTalk(model: RoomModel): void {
  useEffect(() => {
    const { media, preferences, dialog } = model
    let talking = false
    const end = () => {
      if (talking) media.turnOff('mic')
      talking = false
    }
    const press = (event: KeyboardEvent) => {
      if (event.key !== ' ' || event.repeat || isTyping(event.target) || isPressable(event.target)) return
      if (!preferences.pushToTalk.peek() || dialog.peek() !== 'none' || media.mic.on.peek()) return
      event.preventDefault()
      talking = true
      void toggleDevice(model, 'mic')
    }
    const release = (event: KeyboardEvent) => {
      if (event.key === ' ') end()
    }
    addEventListener('keydown', press)
    addEventListener('keyup', release)
    addEventListener('blur', end)
    return () => {
      end()
      removeEventListener('keydown', press)
      removeEventListener('keyup', release)
      removeEventListener('blur', end)
    }
  }, [model])
}

/** Space presses it. */
const isPressable = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('button, a, summary, [role="button"], [tabindex="0"]')
const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'))
