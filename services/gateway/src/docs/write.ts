import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { natsUsers } from '@parley/kit'
import { version } from '../version.ts'
import { createAsyncApi } from './asyncapi.ts'
import { clientTables } from './client-tables.ts'
import { createOpenApi } from './openapi.ts'
import { referencesPage } from './references.ts'

/** The checked-in copies of the generated documents: `node src/docs/write.ts` writes them, `--check` only compares. */
async function documents(): Promise<{ file: string; text: string }[]> {
  const print = (document: object): string => `${JSON.stringify(document, null, 2)}\n`
  return [
    { file: pathOf('deploy/nats/users.conf'), text: `${usersNote}${natsUsers({ passwordOf: passwordVariable })}` },
    { file: pathOf('docs/openapi.json'), text: print(await createOpenApi(version)) },
    { file: pathOf('docs/asyncapi.json'), text: print(createAsyncApi(version)) },
    { file: pathOf('docs/references.md'), text: referencesPage() },
    { file: pathOf('packages/client/src/tables.ts'), text: clientTables() },
  ]
}

const usersNote = `# Written by services/gateway/src/docs/write.ts from the table of subjects, packages/contracts/src/bus/grants.ts.
# For NAMESPACE=parley; the passwords are environment variables of nats-server, each with quotes around it.
`
const passwordVariable = (service: string): string => `$NATS_${service.toUpperCase()}_PASSWORD`

const pathOf = (name: string): string => fileURLToPath(new URL(`../../../../${name}`, import.meta.url))

/** Names of the copies that are not what the contracts say now. */
export async function staleDocuments(): Promise<string[]> {
  const checks = (await documents()).map(async ({ file, text }) => ((await textOf(file)) === text ? [] : [file]))
  return (await Promise.all(checks)).flat()
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

async function run(check: boolean): Promise<void> {
  if (!check) {
    for (const { file, text } of await documents()) await writeFile(file, text)
    return
  }
  const stale = await staleDocuments()
  if (stale.length === 0) return
  process.stderr.write(`Not up to date: ${stale.join(', ')}; run node services/gateway/src/docs/write.ts\n`)
  process.exitCode = 1
}

if (import.meta.main) await run(process.argv.includes('--check'))
