import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs that media needs, with the Debian package of each. */
const packages = { janus: 'janus', 'janus-pp-rec': 'janus-tools', ffmpeg: 'ffmpeg', turnserver: 'coturn' } as const
type ProgramName = keyof typeof packages

export interface Programs {
  /** Where each is that is on the PATH. */
  found: Readonly<Partial<Record<ProgramName, string>>>
  /** The command that installs the others; undefined when there are none. */
  install: string | undefined
}

/** Looks for the programs on a PATH. */
export function findPrograms(path: string | undefined): Programs {
  const folders = (path ?? '').split(delimiter).filter((folder) => folder !== '')
  const names = Object.keys(packages) as ProgramName[]
  const found = Object.fromEntries(
    names.flatMap((name) => {
      const place = folders.map((folder) => join(folder, name)).find(isExecutable)
      return place === undefined ? [] : [[name, place] as const]
    }),
  )
  const missing = names.filter((name) => found[name] === undefined).map((name) => packages[name])
  const install = `apt-get install -y --no-install-recommends ${missing.join(' ')}`
  return { found, install: missing.length === 0 ? undefined : install }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
