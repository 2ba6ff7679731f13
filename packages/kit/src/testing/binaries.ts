import { accessSync, constants, readdirSync } from 'node:fs'
import { join } from 'node:path'

const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/opt/homebrew/bin']
const postgresRoot = '/usr/lib/postgresql'

/** The path of a server's binary; throws naming the Debian package that has it. */
export function findBinary(name: string, aptPackage: string): string {
  const found = [...folders, ...postgresFolders()].map((folder) => join(folder, name)).find(executable)
  if (found) return found
  throw new Error(`${name} is not installed: apt-get install -y --no-install-recommends ${aptPackage}`)
}

/** Newest version first; Debian keeps these out of PATH. */
function postgresFolders(): string[] {
  try {
    const versions = readdirSync(postgresRoot).sort((one, other) => Number(other) - Number(one))
    return versions.map((version) => join(postgresRoot, version, 'bin'))
  } catch {
    return []
  }
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
