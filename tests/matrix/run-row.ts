import { isDeepStrictEqual } from 'node:util'
import type { OperationName } from '@parley/contracts'
import { call, type Answer } from './call.ts'
import { another, type MatrixUsers, type MatrixUser } from './users.ts'
import { expectedOf, personas, type AnyRow, type Expected, type Kind, type Persona } from './row.ts'
import type { Scene } from './scene.ts'
import { createWorld, type MatrixMeeting } from './world.ts'

export interface Stage {
  url: string
  mailDir: string
  people: MatrixUsers
  /** The meeting of a kind that refused calls are made to: they must change nothing. */
  shared(kind: Kind): Promise<MatrixMeeting>
}
interface Cell {
  persona: Persona
  expected: Expected
}

/** Calls all cells of a row on one kind of meeting; gives a line for each that is wrong, and how many there were. */
export async function runRow(stage: Stage, name: OperationName, { row, kind }: { row: AnyRow; kind: Kind }) {
  const cells = personas.map((persona): Cell => ({ persona, expected: expectedOf(row, kind, persona) }))
  const refused = cells.filter(({ expected }) => typeof expected === 'string')
  const allowed = cells.filter(({ expected }) => typeof expected === 'number')
  const place = `${name}${row.about === undefined ? '' : ` (${row.about})`} on ${kind}`
  const say = (lines: string[]) => lines.map((line) => `${place}: ${line}`)
  const run = { stage, name, row, kind }
  const wrong = say(await refuse(run, refused))
  // An operation that needs a meeting for each success succeeds on one kind only.
  if (row.changes === 'meeting' && kind !== (row.where?.[0] ?? 'private')) return { wrong, cells: refused.length }
  return { wrong: [...wrong, ...say(await allow(run, allowed))], cells: cells.length }
}

interface Run {
  stage: Stage
  name: OperationName
  row: AnyRow
  kind: Kind
}

async function refuse(run: Run, cells: readonly Cell[]): Promise<string[]> {
  if (cells.length === 0) return []
  const world = await run.stage.shared(run.kind)
  const prepared = []
  for (const cell of cells) prepared.push({ cell, ...(await prepare(run, world, cell.persona)) })
  const before = await world.snapshot()
  const lines: string[] = []
  for (const { cell, scene, input } of prepared) {
    lines.push(...evaluateAnswer(run, cell, scene, await send(run, scene, input)))
  }
  if (lines.length > 0) return lines
  return isDeepStrictEqual(await world.snapshot(), before) ? [] : ['all were refused, and something changed']
}

async function allow(run: Run, cells: readonly Cell[]): Promise<string[]> {
  const { row, stage, kind } = run
  const fresh = () => createWorld(stage.url, stage.people, kind)
  if (row.changes === 'meeting') {
    const lines: string[] = []
    for (const cell of cells) lines.push(...(await inWorld(await fresh(), (world) => each(run, world, [cell]))))
    return lines
  }
  return row.changes === 'caller'
    ? inWorld(await fresh(), (world) => each(run, world, cells))
    : each(run, await stage.shared(kind), cells)
}

async function inWorld(world: MatrixMeeting, act: (world: MatrixMeeting) => Promise<string[]>): Promise<string[]> {
  try {
    return await act(world)
  } finally {
    world.close()
  }
}

async function each(run: Run, world: MatrixMeeting, cells: readonly Cell[]): Promise<string[]> {
  const lines: string[] = []
  for (const cell of cells) {
    const { scene, input } = await prepare(run, world, cell.persona)
    lines.push(...evaluateAnswer(run, cell, scene, await send(run, scene, input)))
  }
  return lines
}

async function prepare({ stage, row }: Run, world: MatrixMeeting, persona: Persona) {
  const { url, mailDir, people } = stage
  const usual: MatrixUser | null = persona === 'nobody' ? null : people[persona]
  const me = row.disposable === true && usual !== null ? await another(url, usual) : usual
  const scene: Scene = { url, mailDir, people, world, persona, me }
  return { scene, input: await row.request(scene) }
}

const send = ({ name }: Run, { url, me }: Scene, input: object): Promise<Answer> =>
  call(url, name, { token: me?.token ?? null, input })

function evaluateAnswer(
  { row }: Run,
  { persona, expected }: Cell,
  scene: Scene,
  { got, faults, body }: Answer,
): string[] {
  if (got !== expected) return [`${persona} is to get ${expected}, got ${got}`]
  const untrue = typeof got === 'number' ? (row.holds?.(body, scene) ?? null) : null
  return [...faults, ...(untrue === null ? [] : [untrue])].map((fault) => `${persona} got ${got}, but ${fault}`)
}
