import { callSafely } from './store.ts'

/** Named events with typed values. */
export interface Emitter<Events> {
  on<E extends keyof Events>(event: E, listener: (value: Events[E]) => void): () => void
  emit<E extends keyof Events>(event: E, value: Events[E]): void
}

export function createEmitter<Events>(): Emitter<Events> {
  const listeners: { [E in keyof Events]?: Set<{ tell: (value: Events[E]) => void }> } = {}
  return {
    on(event, tell) {
      const of = (listeners[event] ??= new Set())
      const listener = { tell }
      of.add(listener)
      return () => void of.delete(listener)
    },
    emit(event, value) {
      const told = [...(listeners[event] ?? [])]
      for (const listener of told) callSafely(() => listener.tell(value))
    },
  }
}
