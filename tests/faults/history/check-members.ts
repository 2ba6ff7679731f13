import type { Verdict } from './check.ts'
import type { History, Person, Stay } from './history.ts'

/** H4: no event of a room reached somebody who was not a member of it at that moment. */
export function checkNobodyElseHeard({ received, heard, stays }: History): Verdict {
  const of = Map.groupBy(stays, ({ client, room }) => `${client} ${room}`)
  const breaches: string[] = []
  let looked = heard
  for (const { client, room, type, at } of received) {
    if (room === null) continue
    looked += 1
    const theirs = of.get(`${client} ${room}`) ?? []
    if (!theirs.some((stay) => covers(stay, at))) breaches.push(`${client} got ${type} of room ${room} from outside`)
  }
  return { id: 'H4', promise: 'no event reached a non-member', looked, breaches }
}

const covers = ({ from, until }: Stay, at: number): boolean => from <= at && at <= until

/** H5: at the end every roster equals the truth, and all have the same version. */
export function checkRosters({ views, truth }: History): Verdict {
  const breaches: string[] = []
  let looked = 0
  for (const [room, people] of truth) {
    const theirs = views.filter((view) => view.room === room)
    const versions = new Set(theirs.map(({ v }) => v))
    if (versions.size > 1) breaches.push(`room ${room} is at versions ${[...versions].join(', ')}`)
    for (const { client, people: found } of theirs) {
      looked += 1
      for (const what of differences(found, people)) breaches.push(`${client} in room ${room}: ${what}`)
    }
  }
  return { id: 'H5', promise: 'all rosters equal the truth', looked, breaches }
}

function differences(found: readonly Person[], truth: readonly Person[]): string[] {
  const seen = new Map(found.map((person) => [person.participantId, person]))
  const wrong = truth.flatMap((person) => {
    const other = seen.get(person.participantId)
    seen.delete(person.participantId)
    if (other === undefined) return [`${person.participantId} is missing`]
    return fields
      .filter((field) => other[field] !== person[field])
      .map((field) => `${person.participantId} has ${field} ${other[field]} and should have ${person[field]}`)
  })
  return [...wrong, ...[...seen.keys()].map((id) => `${id} is a ghost`), ...twice(found)]
}

const fields = ['mic', 'cam', 'hand', 'connected'] as const

const twice = (found: readonly Person[]): string[] =>
  found.length === new Set(found.map(({ participantId }) => participantId)).size ? [] : ['somebody is there twice']
