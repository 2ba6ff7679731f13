import type { Verdict } from './check.ts'
import type { History, StoredMessage, View } from './history.ts'

/** H1: every accepted message is stored once, as it was accepted, and is in the final view of everyone present. */
export function checkKept({ sends, stored, views }: History): Verdict {
  const breaches: string[] = []
  const rows = new Map([...stored].map(([room, messages]) => [room, byText(messages)]))
  const present = Map.groupBy(
    views.map((view) => ({ view, texts: new Set(view.messages.map(({ text }) => text)) })),
    ({ view }) => view.room,
  )
  let looked = 0
  for (const { text, room, client, outcome } of sends) {
    if (outcome.is !== 'accepted') continue
    looked += 1
    const found = rows.get(room)?.get(text) ?? []
    const [row] = found
    if (row === undefined || found.length > 1)
      breaches.push(`"${text}" of ${client} was accepted and is stored ${found.length} times`)
    else if (row.seq !== outcome.seq || row.id !== outcome.id)
      breaches.push(`"${text}" was accepted as number ${outcome.seq} and is stored as ${row.seq}`)
    for (const { view, texts } of present.get(room) ?? [])
      if (outcome.seq > view.since && !texts.has(text))
        breaches.push(`"${text}" (number ${outcome.seq}) is not in the view of ${view.client}`)
  }
  return { id: 'H1', promise: 'every accepted message is stored once and in every view', looked, breaches }
}

/** H2: nothing appears twice, accepted or not: neither in the store, nor in a view, nor shown to a client. */
export function checkOnce({ stored, views, shown }: History): Verdict {
  const breaches: string[] = []
  let looked = 0
  const look = (where: string, messages: readonly StoredMessage[]) => {
    looked += messages.length
    for (const [text, same] of byText(messages))
      if (same.length > 1) breaches.push(`"${text}" is ${same.length} times in ${where}`)
  }
  for (const [room, messages] of stored) look(`the store of room ${room}`, messages)
  for (const { client, messages } of views) look(`the view of ${client}`, messages)
  for (const [client, messages] of Map.groupBy(shown, (one) => one.client)) look(`what ${client} was shown`, messages)
  return { id: 'H2', promise: 'nothing appears twice', looked, breaches }
}

/** H3: a room's numbers have no gaps, and every client has the same message under a number, in that order. */
export function checkNumbers({ stored, views, shown }: History): Verdict {
  const breaches: string[] = []
  let looked = 0
  for (const [room, messages] of stored) {
    const numbers = messages.map(({ seq }) => seq).toSorted((a, b) => a - b)
    looked += numbers.length
    const wrong = numbers.findIndex((seq, index) => seq !== index + 1)
    if (wrong >= 0) breaches.push(`room ${room} has number ${numbers[wrong]} where ${wrong + 1} belongs`)
  }
  const shownTo = Map.groupBy(shown, ({ client }) => client)
  for (const view of views) {
    const rows = new Map(stored.get(view.room)?.map((row) => [row.seq, row]))
    breaches.push(...wrongOrder(view, `the view of ${view.client}`, view.messages, rows))
    const seen = shownTo.get(view.client) ?? []
    breaches.push(...wrongOrder(view, `what ${view.client} was shown`, seen, rows))
    looked += view.messages.length + seen.length
  }
  return { id: 'H3', promise: 'numbers without gaps, the same order for all', looked, breaches }
}

function wrongOrder(
  { room }: View,
  where: string,
  messages: readonly StoredMessage[],
  rows: ReadonlyMap<number, StoredMessage>,
) {
  const breaches: string[] = []
  for (const [index, { seq, id, text }] of messages.entries()) {
    const before = messages[index - 1]
    if (before !== undefined && seq !== before.seq + 1)
      breaches.push(`${where} has number ${seq} right after ${before.seq}`)
    if (rows.get(seq)?.id !== id) breaches.push(`${where} has "${text}" as number ${seq}, the store of ${room} has not`)
  }
  return breaches
}

const byText = <T extends StoredMessage>(messages: readonly T[]): Map<string, T[]> =>
  Map.groupBy(messages, ({ text }) => text)
