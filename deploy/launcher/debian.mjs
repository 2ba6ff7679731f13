import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runQuietly, tell } from './step.mjs'

/** Debian packages by the binary that shows that one is there. */
const binaries = {
  postgresql: 'postgres',
  'redis-server': 'redis-server',
  'nats-server': 'nats-server',
  chromium: 'chromium',
  iptables: 'iptables',
  'redis-sentinel': 'redis-sentinel',
  pgbouncer: 'pgbouncer',
  faketime: 'faketime',
  'swift-proxy': 'swift-proxy-server',
  'swift-account': 'swift-account-server',
  'swift-container': 'swift-container-server',
  'swift-object': 'swift-object-server',
  janus: 'janus',
  'janus-tools': 'janus-pp-rec',
  coturn: 'turnserver',
  ffmpeg: 'ffmpeg',
  'firefox-esr': 'firefox-esr',
  'clamav-daemon': 'clamd',
  prometheus: 'promtool',
  'nginx-light': 'nginx',
}
const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin', '/opt/homebrew/bin']
const postgresRoot = '/usr/lib/postgresql'
const timeoutMs = 10 * 60_000

/** Installs those of `packages` whose binary is missing; throws with one sentence when that cannot be. */
export async function installDebianPackages(packages, { mayInstall }) {
  const missing = packages.filter((name) => !isThere(binaries[name]))
  if (missing.length === 0) return
  const byHand = `apt-get install -y --no-install-recommends ${missing.join(' ')}`
  if (!mayInstall)
    throw new Error(`This needs servers that are not installed: ${byHand} (PARLEY_APT=1 does it for you).`)
  const sudo = asRoot()
  if (sudo === undefined)
    throw new Error(`This needs servers that are not installed, and installing them needs root: ${byHand}`)
  tell(`Installing ${missing.join(', ')} (about 30 s)…`)
  const apt = (args) => {
    const [command, ...rest] = [...sudo, 'apt-get', ...args]
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    return runQuietly(command, rest, { what: `apt-get ${args[0]}`, env, timeoutMs })
  }
  const install = ['install', '-y', '--no-install-recommends', ...missing]
  // The lists may be new enough; if they are missing or old, this is what fails.
  await apt(install).catch(async () => {
    await apt(['update'])
    await apt(install)
  })
}

function isThere(binary) {
  const versions = existsSync(postgresRoot)
    ? readdirSync(postgresRoot).map((version) => join(postgresRoot, version, 'bin'))
    : []
  return [...folders, ...versions].some((folder) => existsSync(join(folder, binary)))
}

/** The prefix of a command that runs it as root, or undefined. */
function asRoot() {
  if (!folders.some((folder) => existsSync(join(folder, 'apt-get')))) return undefined
  if (process.getuid?.() === 0) return []
  return folders.some((folder) => existsSync(join(folder, 'sudo'))) ? ['sudo', '-n'] : undefined
}
