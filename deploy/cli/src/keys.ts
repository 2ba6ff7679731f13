import { authConfig, createKeys, type Keys, type ShownKey, type Tables } from '@parley/auth/admin'
import { readConfig, type Environment } from '@parley/kit'
import { Command } from 'commander'
import { createCliLog, withDatabase } from './database.ts'
import { settingsOf } from './settings.ts'
import { print, table } from './print.ts'

interface Output {
  json?: boolean
}

/** `parley keys`: the keys that sign access tokens. */
export function keysCommand(env: Environment): Command {
  const keys = new Command('keys').description('the keys that sign access tokens')
  keys
    .command('list')
    .description('the keys, newest first; private halves are never shown')
    .option('--json', 'for scripts')
    .action(async ({ json }: Output) => show(json, await withKeys(env, (all) => all.list())))
  keys
    .command('rotate')
    .description('make the next key now: it is published at once and signs in 10 minutes; nobody is signed out')
    .option('--json', 'for scripts')
    .action(async ({ json }: Output) => show(json, await withKeys(env, (all) => all.rotate())))
  return keys
}

const withKeys = <T>(env: Environment, work: (keys: Keys) => Promise<T>): Promise<T> =>
  withDatabase(env, (host) => {
    const config = readConfig(authConfig, settingsOf(env))
    return work(createKeys({ db: host.schema<Tables>('auth'), config, log: createCliLog() }))
  })

function show(json: boolean | undefined, keys: readonly ShownKey[]): void {
  const rows = keys.map((key) => [key.state, key.kid, `signs from ${key.activatesAt}`, until(key)])
  print(json, keys, keys.length === 0 ? ['no keys yet: auth makes the first when it starts'] : table(rows))
}

const until = ({ retiresAt }: ShownKey): string => (retiresAt === null ? '' : `published until ${retiresAt}`)
