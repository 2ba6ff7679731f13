import type { Message } from '@parley/contracts'

/** Messages that one person sent shortly after each other; shown under one name. */
export interface Run {
  key: string
  senderId: string
  name: string
  guest: boolean
  system: boolean
  sentAt: string
  messages: readonly Message[]
}

const sameRunMs = 4 * 60_000

/** Puts messages, already in order, together into runs of one sender. */
export function threadOf(messages: readonly Message[]): Run[] {
  const runs: { run: Run; messages: Message[]; last: number }[] = []
  for (const message of messages) {
    const at = Date.parse(message.sentAt)
    const open = runs.at(-1)
    if (open !== undefined && continues(open.run, message) && at - open.last <= sameRunMs) {
      open.messages.push(message)
      open.last = at
      continue
    }
    const own: Message[] = [message]
    runs.push({ run: newRun(message, own), messages: own, last: at })
  }
  return runs.map(({ run }) => run)
}

const continues = (run: Run, message: Message) =>
  !run.system && message.type !== 'system' && run.senderId === message.sender.id && run.name === message.sender.name

const newRun = (message: Message, messages: readonly Message[]): Run => ({
  key: message.id,
  senderId: message.sender.id,
  name: message.sender.name,
  guest: message.sender.guest === true,
  system: message.type === 'system',
  sentAt: message.sentAt,
  messages,
})
