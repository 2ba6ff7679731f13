import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { contractTypes, schemaNames } from './contract-types.ts'

const root = join(import.meta.dirname, '..', '..', '..')

/** A program that compiles if each printed type is the one that TypeBox computes, in both directions. */
const comparison = `
import type * as Ours from '@parley/contracts'
import type { Static } from 'typebox'
import type * as Printed from './printed.ts'
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
declare function same<A, B>(same: Same<A, B>): void
${schemaNames.map((name) => `same<Static<typeof Ours.${name}>, Printed.${name}>(true)`).join('\n')}
same<Ours.MeetingEvent, Printed.MeetingEvent>(true)
same<Ours.UserEvent, Printed.UserEvent>(true)
same<Ours.OperationName, Printed.OperationName>(true)
same<Ours.StreamName, Printed.StreamName>(true)
same<Ours.BytesName, Printed.BytesName>(true)
type Wrong = { [N in Ours.OperationName]:
  [Same<Ours.OperationInput<N>, Printed.OperationInput<N>>, Same<Ours.OperationAnswer<N>, Printed.OperationAnswer<N>>] extends
    [true, true] ? never : N }[Ours.OperationName]
same<Wrong, never>(true)
`

async function errorsOf(program: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-types-'))
  const contracts = join(root, 'packages', 'contracts')
  const paths = {
    '@parley/contracts': [join(contracts, 'src', 'index.ts')],
    typebox: [join(contracts, 'node_modules', 'typebox')],
  }
  const settings = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: { paths, types: [], noUnusedLocals: false },
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings))
  await writeFile(join(folder, 'printed.ts'), contractTypes())
  await writeFile(join(folder, 'compare.ts'), program)
  const tsc = [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder]
  const errors = await promisify(execFile)(process.execPath, tsc, { timeout: 60_000 }).then(
    () => '',
    (error: { stdout?: string }) => error.stdout ?? String(error),
  )
  await rm(folder, { recursive: true, force: true })
  return errors
}

test('O8 the types that the package shows are those of the contracts', async () => {
  expect(await errorsOf(comparison)).toBe('')
  expect(await errorsOf(`${comparison}\nsame<Ours.Meeting, Printed.User>(true)`)).toContain('compare.ts')
}, 120_000)
