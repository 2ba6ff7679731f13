import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const deploy = fileURLToPath(new URL('../../../../deploy', import.meta.url))
/** The characters of a value: nothing that ends a quoted string or a line. */
const harmless = /^[\w.:,/=+ -]*$/

/**
 * Writes the configuration files of a folder of `deploy` into `dir`, with each `${NAME}` filled in. They are the files that
 * production uses.
 * @throws Error when a name has no value, or one that could end its string
 */
export async function fillTemplates(
  folder: string,
  dir: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const from = join(deploy, folder)
  for (const file of (await readdir(from)).filter((name) => /\.(jcfg|conf)$/.test(name)))
    await writeFile(join(dir, file), fill(await readFile(join(from, file), 'utf8'), values), { mode: 0o600 })
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\$\{([A-Z][A-Z0-9_]*)\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`${name} has no value`)
    if (!harmless.test(value)) throw new Error(`${name} has characters that do not fit into a configuration file`)
    return value
  })
}
