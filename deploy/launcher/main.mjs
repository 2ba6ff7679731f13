import { constants } from 'node:os'
import { join } from 'node:path'
import { installDebianPackages } from './debian.mjs'
import { ensureInstalled } from './install.mjs'
import { withLock } from './lock.mjs'
import { watchNpm } from './npm-parent.mjs'
import { root } from './paths.mjs'
import { runEntry, signals } from './run-entry.mjs'
import { ensureWebPage } from './web-page.mjs'

const servers = ['postgresql', 'redis-server', 'nats-server']
const media = ['janus', 'janus-tools', 'coturn', 'ffmpeg']
/** An S3 store that checks signatures, and a virus scanner. */
const fileServers = ['swift-proxy', 'swift-account', 'swift-container', 'swift-object', 'clamav-daemon']

/** Browsers, a proxy, and tools that break things or look at them. */
const testTools = ['redis-sentinel', 'chromium', 'firefox-esr', 'prometheus', 'nginx-light', 'pgbouncer', 'faketime']

/**
 * The commands, and what each needs besides the npm packages: the built page, servers of Debian packages
 * (`always` installs them, `asked` only with PARLEY_APT=1 or CI set); those that are `welcome` are installed along with the
 * others, and not missed otherwise.
 */
const commands = {
  embedded: { entry: 'deploy/embedded/src/main.ts', page: true },
  parley: { entry: 'deploy/cli/src/main.ts', page: ([name]) => name === 'start' },
  seed: { entry: 'deploy/embedded/src/seed-main.ts' },
  stack: {
    entry: 'deploy/stack/src/main.ts',
    page: true,
    debian: { install: 'asked', packages: servers, welcome: media },
  },
  bench: {
    entry: 'packages/bench/src/main.ts',
    page: true,
    debian: { install: 'asked', packages: servers },
  },
  faults: {
    entry: 'tests/faults/main.ts',
    page: true,
    debian: { install: 'asked', packages: servers, welcome: ['iptables', 'redis-sentinel', 'faketime', ...media] },
  },
  upgrade: {
    entry: 'tests/faults/upgrade/main.ts',
    debian: { install: 'asked', packages: servers },
  },
  fuzz: {
    entry: 'tests/fuzz/main.ts',
    debian: { install: 'asked', packages: servers },
  },
  sdk: { entry: 'packages/client/build/main.ts' },
  fair: {
    entry: 'tests/attacks/fair/main.ts',
    debian: { install: 'asked', packages: servers },
  },
  explore: { entry: 'tests/explore/main.ts' },
  test: {
    entry: 'tests/runner/main.ts',
    page: true,
    debian: {
      install: 'always',
      packages: [...servers, ...media, ...fileServers, ...testTools],
    },
  },
  check: { entry: 'tests/runner/check-main.ts' },
}

/** Installs what is missing, then runs a command until it ends; its exit code becomes ours. */
export async function launch([name = '', ...args]) {
  const command = commands[name]
  if (command === undefined)
    return fail(`Usage: node deploy/launcher/launch.mjs <${Object.keys(commands).join('|')}> [options]`)
  watchNpm(() => process.kill(process.pid, 'SIGTERM'))
  const listening = exitOnSignals()
  const helpOnly = args.includes('--help') || args.includes('-h')
  try {
    const { debian } = command
    if (debian !== undefined && !helpOnly) {
      const mayInstall = debian.install === 'always' || process.env.PARLEY_APT === '1' || Boolean(process.env.CI)
      const welcome = mayInstall ? (debian.welcome ?? []) : []
      await installDebianPackages([...debian.packages, ...welcome], { mayInstall })
    }
    await withLock(join(root, '.data', 'install.lock'), async () => {
      await ensureInstalled()
      const page = typeof command.page === 'function' ? command.page(args) : command.page
      if (page && !helpOnly) await ensureWebPage()
    })
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
  listening.stop()
  await runEntry(join(root, command.entry), args)
}

/** While something is installed; `exit` listeners (step.mjs) then end what is doing it. */
function exitOnSignals() {
  const onSignal = (signal) => process.exit(128 + constants.signals[signal])
  for (const signal of signals) process.on(signal, onSignal)
  return {
    stop() {
      for (const signal of signals) process.off(signal, onSignal)
    },
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}
