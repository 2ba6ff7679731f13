import { signal, type Signal } from '@preact/signals'

/** A person's preferences in calls, kept on this computer. */
export interface Preferences {
  /** Each sound can be switched off. */
  readonly joinSound: Signal<boolean>
  readonly knockSound: Signal<boolean>
  readonly chatSound: Signal<boolean>
  /** While Space is held, the microphone is on. */
  readonly pushToTalk: Signal<boolean>
  /** The loudspeaker to use; empty for the browser's choice. */
  readonly speaker: Signal<string>
  /** Pictures of others are not loaded; not kept for the next call. */
  readonly audioOnly: Signal<boolean>
}

export const createPreferences = (): Preferences => ({
  joinSound: kept('join-sound', true),
  knockSound: kept('knock-sound', true),
  chatSound: kept('chat-sound', true),
  pushToTalk: kept('push-to-talk', true),
  speaker: keptText('speaker'),
  audioOnly: signal(false),
})

function kept(name: string, fallback: boolean): Signal<boolean> {
  const text = keptText(name, fallback ? 'on' : 'off')
  const value = signal(text.peek() === 'on')
  value.subscribe((on) => (text.value = on ? 'on' : 'off'))
  return value
}

function keptText(name: string, fallback = ''): Signal<string> {
  const key = `parley.${name}`
  const value = signal(localStorage.getItem(key) ?? fallback)
  value.subscribe((now) => localStorage.setItem(key, now))
  return value
}
