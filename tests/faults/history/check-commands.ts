import type { Verdict } from './check.ts'
import type { Command, History, MeetingSeen, Order, Standing, View } from './history.ts'

/**
 * H8: every acknowledged command of meetings is true at the end. The database, clients and nodes agree on it. Of several on the same
 * subject the last counts; one without an answer after it may have been carried out or not.
 */
export function checkCommands({ commands, standings, views }: History): Verdict {
  const breaches: string[] = []
  let looked = 0
  for (const [subject, some] of Map.groupBy(commands.flatMap(bySubject), ({ subject: one }) => one)) {
    const known = some.toSorted((a, b) => a.at - b.at).filter(({ outcome }) => outcome.is !== 'refused')
    const last = known.findLastIndex(({ outcome }) => outcome.is === 'acknowledged')
    const command = known[last]
    if (command === undefined) continue
    looked += some.filter(({ outcome }) => outcome.is === 'acknowledged').length
    const place = { standing: standings.get(command.room), views: views.filter(({ room }) => room === command.room) }
    const faults = known.slice(last).map(({ order }) => faultsOf(order, place))
    if (faults.every((some) => some.length > 0))
      for (const fault of faults[0] ?? []) breaches.push(`${subject} was acknowledged, and ${fault}`)
  }
  return { id: 'H8', promise: 'every acknowledged command of meetings is true', looked, breaches }
}

/** A change of several settings is a command for each of them. */
function bySubject(command: Command): (Command & { subject: string })[] {
  const { room, order } = command
  if (order.kind !== 'settings') return [{ ...command, subject: `${nameOf(order)} in room ${room}` }]
  const { title, settings = {} } = order.change
  const changes: Partial<MeetingSeen>[] = [
    ...(title === undefined ? [] : [{ title }]),
    ...Object.entries(settings).map(([name, value]) => ({ settings: { [name]: value } })),
  ]
  return changes.map((change) => {
    const what = change.title === undefined ? Object.keys(change.settings ?? {}).join() : 'title'
    return { ...command, order: { kind: 'settings', change }, subject: `a new ${what} of room ${room}` }
  })
}

function nameOf(order: Exclude<Order, { kind: 'settings' }>): string {
  switch (order.kind) {
    case 'ban':
      return `the ban of ${order.userId}`
    case 'remove':
      return `the removal of ${order.userId} (${order.participantIds.join(', ')})`
    case 'role':
      return `the role of ${order.userId}`
    case 'end':
      return 'the end'
    default:
      return order satisfies never
  }
}

interface MemberEvidence {
  standing: Standing | undefined
  views: readonly View[]
}

function faultsOf(order: Order, { standing, views }: MemberEvidence): string[] {
  if (standing === undefined) return ['the database has no such meeting']
  return [...faultsInDatabase(order, standing), ...views.flatMap((view) => faultsInView(order, view))]
}

function faultsInDatabase(order: Order, standing: Standing): string[] {
  switch (order.kind) {
    case 'ban':
      return standing.banned.has(order.userId) ? [] : ['the database has no ban']
    case 'remove':
      return []
    case 'role': {
      const role = standing.roles.get(order.userId)
      return role === order.role ? [] : [`the database has ${role} instead of ${order.role}`]
    }
    case 'end':
      return standing.status === 'ended' ? [] : [`the database has it as ${standing.status}`]
    case 'settings':
      return differences(order.change, standing).map((what) => `the database has ${what}`)
    default:
      return order satisfies never
  }
}

function faultsInView(order: Order, { client, members, meeting }: View): string[] {
  switch (order.kind) {
    case 'ban':
      return members.some(({ userId }) => userId === order.userId) ? [`${client} has them in the room`] : []
    case 'remove':
      return members.some(({ participantId }) => order.participantIds.includes(participantId))
        ? [`${client} has them in the room`]
        : []
    case 'role':
      return members
        .filter(({ userId, role }) => userId === order.userId && role !== order.role)
        .map(({ role }) => `${client} has them as ${role} instead of ${order.role}`)
    case 'end':
      return [`${client} is still in the room`]
    case 'settings':
      return differences(order.change, meeting).map((what) => `${client} has ${what}`)
    default:
      return order satisfies never
  }
}

function differences({ title, settings = {} }: Partial<MeetingSeen>, found: MeetingSeen): string[] {
  const wrong = Object.entries(settings).filter(([name, value]) => found.settings[name] !== value)
  return [
    ...(title === undefined || title === found.title ? [] : [`the title "${found.title}" instead of "${title}"`]),
    ...wrong.map(([name, value]) => `${name} ${String(found.settings[name])} instead of ${String(value)}`),
  ]
}
