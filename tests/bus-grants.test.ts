import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import * as contracts from '@parley/contracts'
import { busGrants, type BusGrant } from '@parley/contracts'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

type Way = keyof BusGrant
const ways: Readonly<Record<string, Way>> = {
  request: 'requests',
  respond: 'responds',
  serve: 'responds',
  publish: 'publishes',
  subscribe: 'subscribes',
}

/** `request(bus, authBus.account, …)` and the like, over lines; the call that a subject stands in is the last before it. */
const use = /\b(request|respond|serve|publish|subscribe)\(|(?<!typeof )\b(\w+Bus)\.(\w+)/g
/** Subjects that are named in one place and used in another. */
const apart: Readonly<Record<string, Way>> = {
  'services/meetings/src/names.ts authBus.account': 'requests',
}

interface Use {
  service: string
  way: Way
  subject: string
}

function usesIn(service: string, path: string): Use[] {
  const uses: Use[] = []
  let way: Way | undefined
  const text = readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*|Static<[^>]*>+/g, '')
  // `const { room, roomLobby } = signalingBus` names them apart.
  const named = new Map(
    [...text.matchAll(/const \{ ([\w, ]+) \} = (\w+Bus)\n/g)].flatMap(([, names = '', bus = '']) =>
      names.split(', ').map((name) => [name, bus] as const),
    ),
  )
  const plain = text.replace(/\(bus, (\w+), /g, (all, name: string) =>
    named.has(name) ? `(bus, ${named.get(name)}.${name}, ` : all,
  )
  for (const [, call, bus, name] of plain.matchAll(use)) {
    if (call !== undefined) way = ways[call]
    else if (bus !== undefined && name !== undefined) {
      const found = apart[`${relative(root, path)} ${bus}.${name}`] ?? way
      if (found === undefined) throw new Error(`${relative(root, path)}: what is ${bus}.${name} for?`)
      uses.push({ service, way: found, subject: subjectOf(bus, name) })
    }
  }
  return uses
}

function subjectOf(bus: string, name: string): string {
  const table = (contracts as unknown as Record<string, Record<string, { subject: string }> | undefined>)[bus]
  const subject = table?.[name]?.subject
  if (subject === undefined) throw new Error(`${bus}.${name} is no subject`)
  return subject
}

function sourcesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(
      (file) => file.endsWith('.ts') && !/\.(test|fixture|contract|suite)\.ts$|(^|\/)(testing|suites)\//.test(file),
    )
    .map((file) => join(root, folder, file))
}

const usesOf = (service: string): Use[] => {
  const own = sourcesOf(`services/${service}/src`).flatMap((path) => usesIn(service, path))
  const checksTokens = sourcesOf(`services/${service}/src`).some((path) =>
    readFileSync(path, 'utf8').includes('createEdgeAuth('),
  )
  const edge = join(root, 'packages/kit/src/http/edge-auth.ts')
  return checksTokens ? [...own, ...usesIn(service, edge)] : own
}

describe('the table of what services do on the bus', () => {
  it.each(Object.keys(busGrants))('S38 grants %s what its code uses, and nothing else', (service) => {
    const grant = busGrants[service as keyof typeof busGrants]
    for (const way of ['requests', 'responds', 'publishes', 'subscribes'] as const) {
      const used = usesOf(service).filter((one) => one.way === way)
      const granted = grant[way].map(({ subject }) => subject)
      expect([...new Set(granted)].sort(), way).toEqual([...new Set(used.map(({ subject }) => subject))].sort())
    }
  })

  it('S38 lets nobody but its owner answer a request or tell an event', () => {
    const owners = new Map<string, string[]>()
    for (const [service, { responds, publishes }] of Object.entries(busGrants))
      for (const { subject } of [...responds, ...publishes])
        owners.set(subject, [...(owners.get(subject) ?? []), service])
    expect([...owners].filter(([, services]) => services.length > 1)).toEqual([])
  })
})
