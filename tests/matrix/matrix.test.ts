import { join } from 'node:path'
import type { OperationName } from '@parley/contracts'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startEmbedded, type Embedded } from '../support/product.ts'
import { operationsByName } from './call.ts'
import { expected } from './expected.ts'
import { createUsers } from './users.ts'
import { kinds, type AnyRow, type Kind } from './row.ts'
import { runRow, type Stage } from './run-row.ts'
import { createWorld, type MatrixMeeting } from './world.ts'

const startWithinMs = 90_000
const rowsWithinMs = 120_000

describe('S21 every route by everybody', () => {
  let product: Embedded
  let stage: Stage
  const worlds = new Map<Kind, Promise<MatrixMeeting>>()
  beforeAll(async () => {
    // This test asks for rights, not for limits or speed.
    vi.stubEnv('RATE_LIMITS', 'off')
    vi.stubEnv('CHAT_LIMIT_MESSAGES', '0')
    vi.stubEnv('BCRYPT_COST', '4')
    product = await startEmbedded()
    const url = product.gateways[0] ?? ''
    const mailDir = join(product.dataDir, 'mail')
    const people = await createUsers(url, mailDir)
    const shared = (kind: Kind) => {
      const world = worlds.get(kind) ?? createWorld(url, people, kind)
      worlds.set(kind, world)
      return world
    }
    stage = { url, mailDir, people, shared }
  }, startWithinMs)
  afterAll(async () => {
    // A world that could not be made has failed its rows already.
    for (const made of await Promise.allSettled(worlds.values())) if (made.status === 'fulfilled') made.value.close()
    vi.unstubAllEnvs()
    await product.stop()
  }, startWithinMs)

  const named = new Map(Object.entries(expected as unknown as Record<string, readonly AnyRow[]>))

  it('S21 has a row for each operation of the contracts, and no other', () => {
    expect([...named.keys()].sort()).toEqual(Object.keys(operationsByName).sort())
  })

  it.each(Object.keys(operationsByName) as OperationName[])(
    'S21 %s',
    async (name) => {
      const wrong: string[] = []
      let cells = 0
      for (const row of named.get(name) ?? []) {
        for (const kind of row.where ?? kinds) {
          const done = await runRow(stage, name, { row, kind })
          wrong.push(...done.wrong)
          cells += done.cells
        }
      }
      expect(cells).toBeGreaterThan(0)
      expect(wrong, wrong.join('\n')).toEqual([])
    },
    rowsWithinMs,
  )
})
