import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, readFileSync, renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { cleanEnvironment } from './environment.mjs'
import { node, root } from './paths.mjs'
import { hashOf, isCurrent, writeStamp } from './stamp.mjs'
import { runQuietly, tell } from './step.mjs'

const stamp = join(root, 'node_modules', '.parley-lock')
const timeoutMs = 10 * 60_000

/** Installs the packages of the lockfile, unless those of this very lockfile are there. */
export async function ensureInstalled() {
  const wanted = hashOf(['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'].map((name) => join(root, name)))
  if (existsSync(node) && isCurrent(stamp, wanted)) return linkNode()
  tell(`Installing packages (${existsSync(stamp) ? 'they have changed' : 'first start'}, about 20 s)…`)
  const { command, args } = pnpm()
  await runQuietly(command, [...args, 'install', '--frozen-lockfile', '--prod=false'], {
    what: 'Installing packages',
    cwd: root,
    env: { ...cleanEnvironment(), CI: 'true' },
    timeoutMs,
  })
  linkNode()
  writeStamp(stamp, wanted)
}

/**
 * Makes node_modules/.bin/node, which `npm run` finds before the machine's, the program itself: pnpm puts a shell script
 * there that stays in between and passes no signal on.
 */
function linkNode() {
  if (process.platform === 'win32') return
  const link = join(root, 'node_modules', '.bin', 'node')
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) return
  const made = `${link}.${process.pid}`
  symlinkSync(join('..', 'node', 'bin', 'node'), made)
  renameSync(made, link)
}

/** How to run the pnpm that package.json names: the machine's if it is that one, otherwise npx fetches it. */
export function pnpm() {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const version = packageManager.replace('pnpm@', '')
  return versionOnPath() === version
    ? { command: 'pnpm', args: [] }
    : { command: 'npx', args: ['--yes', packageManager] }
}

function versionOnPath() {
  try {
    // In a folder without package.json: there pnpm says its own version instead of fetching the one that is asked for.
    return execFileSync('pnpm', ['--version'], {
      encoding: 'utf8',
      cwd: '/',
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return undefined
  }
}
