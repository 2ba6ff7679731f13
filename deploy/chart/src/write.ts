import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { valuesSchema } from './values-schema.ts'

/** The checked-in copy: `node deploy/chart/src/write.ts` writes it, `--check` only compares. */
export const schemaFile = join(import.meta.dirname, '..', '..', '..', 'k8s', 'values.schema.json')

export const schemaText = (): string => `${JSON.stringify(valuesSchema(), null, 2)}\n`

if (import.meta.main) {
  if (!process.argv.includes('--check')) await writeFile(schemaFile, schemaText())
  else if ((await readFile(schemaFile, 'utf8')) !== schemaText()) {
    process.stderr.write('k8s/values.schema.json is old; run node deploy/chart/src/write.ts\n')
    process.exitCode = 1
  }
}
