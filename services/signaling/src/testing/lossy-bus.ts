import { ProblemError, type Bus } from '@parley/kit'

/** One node's link to a bus: it may lose what is published, or be down, noticed or not. */
export function createLossyBus(bus: Bus) {
  let up = true
  let noticed = true
  let loses: (subject: string, text: string) => boolean = () => false
  const listeners = new Set<(connected: boolean) => void>()
  const link: Bus = {
    publish(subject, text) {
      if (up && !loses(subject, text)) bus.publish(subject, text)
    },
    subscribe: (subject, onText) => bus.subscribe(subject, (text, from) => void (up && onText(text, from))),
    respond: (subject, queue, answer) =>
      bus.respond(subject, queue, (text, call) =>
        up && !loses(subject, text) ? answer(text, call) : new Promise(() => {}),
      ),
    request: (subject, text, timeoutMs) =>
      up ? bus.request(subject, text, timeoutMs) : Promise.reject(new ProblemError('unavailable')),
    connected: () => noticed && bus.connected(),
    onStatus(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: (timeoutMs) => bus.close(timeoutMs),
  }
  const tell = (connected: boolean): void => {
    if (connected === noticed) return
    noticed = connected
    for (const listener of listeners) listener(connected)
  }
  return {
    bus: link,
    /** From now on what is published and matches is lost on its way out; a request that matches is not answered. */
    lose: (which: (subject: string, text: string) => boolean): void => void (loses = which),
    /** Nothing comes and nothing goes; the node believes that all is well. */
    cut: (): void => void (up = false),
    notice: (): void => tell(false),
    heal(): void {
      up = true
      tell(true)
    },
  }
}
