import { atMost, none, single, type Figure } from './figures.ts'
import type { History } from './history/history.ts'

const codes = { 'room.kicked': 4403, 'room.ended': 4410 } as const
const toldWithinMs = 5_000

/** With these a server sends a client to another node; nobody notices. */
const movingCodes: readonly number[] = [1011, 1012]

export interface FarewellOptions {
  /** Others may be closed by a server to go to another node. */
  mayMove?: boolean
  /** An event acknowledged before this moment could not be told before it. */
  since?: number
}

/** Everybody who was sent away was told why, once, with the close code that goes with it; and nobody else was closed by a server. */
export function farewellFigures(
  { farewells, closings, sentences }: History,
  { mayMove = false, since = 0 }: FarewellOptions = {},
): Figure[] {
  const told = Map.groupBy(farewells, ({ client }) => client)
  const byServer = closings.filter(({ code }) => code >= 4000 || (!mayMove && movingCodes.includes(code)))
  const closed = Map.groupBy(byServer, ({ client }) => client)
  const sent = new Set(sentences.map(({ client }) => client))
  const late = sentences.map(({ client, at }) =>
    Math.max(0, (told.get(client)?.[0]?.at ?? Infinity) - Math.max(at, since)),
  )
  const wrongWord = sentences.filter(({ client, type }) =>
    isNot(
      type,
      told.get(client)?.map((one) => one.type),
    ),
  )
  const wrongCode = sentences.filter(({ client, type }) =>
    isNot(
      codes[type],
      closed.get(client)?.map(({ code }) => code),
    ),
  )
  const others = new Set([...told.keys(), ...closed.keys()].filter((client) => !sent.has(client)))
  return [
    single('sent away (banned, removed, or the meeting ended)', sentences.length, { least: 1 }),
    atMost('told so after the acknowledgement', late, { most: toldWithinMs }),
    none('of them told something else, or twice', wrongWord.length),
    none('of them not closed with 4403 or 4410, as is due', wrongCode.length),
    none('others told to go, or closed by a server', others.size),
  ]
}

const isNot = <T>(due: T, got: readonly T[] = []): boolean => got.length !== 1 || got[0] !== due
