import { randomBytes } from 'node:crypto'
import { createUsers, type ShownUser, type Tables, type Users } from '@parley/auth/admin'
import { StartupError, type Environment } from '@parley/kit'
import { Command, InvalidArgumentError } from 'commander'
import { withDatabase } from './database.ts'
import { print, table } from './print.ts'

interface Output {
  json?: boolean
}
interface Secret extends Output {
  passwordStdin?: boolean
}

const cost = 12

/** `parley user`: accounts. */
export function usersCommand(env: Environment): Command {
  const users = new Command('user').description('accounts: list, show, create, confirm, reset, disable, enable, delete')
  const act = (name: string, what: string) => users.command(name).description(what).option('--json', 'for scripts')
  const withPassword = (name: string, what: string) =>
    act(name, what).option(
      '--password-stdin',
      'read the password from the standard input; otherwise one is made and shown',
    )
  const run = <T>(work: (all: Users) => Promise<T>): Promise<T> =>
    withDatabase(env, (host) => work(createUsers({ db: host.schema<Tables>('auth'), cost })))

  act('list', 'accounts, newest first')
    .option('--limit <n>', 'how many', count, 50)
    .option('--search <text>', 'a part of the address or the name')
    .action(async ({ json, ...options }: Output & { limit: number; search?: string }) =>
      show(json, await run((all) => all.list(options))),
    )
  act('show <who>', 'one account, by its address or id').action(async (who: string, { json }: Output) =>
    show(json, [await run((all) => all.show(who))]),
  )
  withPassword('create <email>', 'a new account; no mail is sent')
    .requiredOption('--name <name>', 'shown to others')
    .option('--verified', 'the address counts as confirmed', false)
    .action(
      async (email: string, { json, name, verified, ...secret }: Secret & { name: string; verified: boolean }) => {
        const { password, made } = await passwordFor(secret)
        showSecret(json, await run((all) => all.create({ email, name, verified, password })), made)
      },
    )
  act('verify <who>', 'the address counts as confirmed').action(async (who: string, { json }: Output) =>
    show(json, [await run((all) => all.verify(who))]),
  )
  withPassword('reset-password <who>', 'a new password; ends every session').action(
    async (who: string, { json, ...secret }: Secret) => {
      const { password, made } = await passwordFor(secret)
      showSecret(json, await run((all) => all.resetPassword(who, password)), made)
    },
  )
  act('disable <who>', 'nobody can sign in with it; ends every session, and closes its sockets within seconds')
    .option('--reason <text>', 'for the audit', reason)
    .action(async (who: string, { json, ...why }: Output & { reason?: string }) =>
      show(json, [await run((all) => all.disable(who, why.reason))]),
    )
  act('enable <who>', 'its owner can sign in again')
    .option('--reason <text>', 'for the audit', reason)
    .action(async (who: string, { json, ...why }: Output & { reason?: string }) =>
      show(json, [await run((all) => all.enable(who, why.reason))]),
    )
  act('audit <who>', 'what operators did to the account in the last 400 days').action(
    async (who: string, { json }: Output) => {
      const actions = await run((all) => all.actions(who))
      print(json, actions, table(actions.map((one) => [one.at, one.action, one.reason ?? ''])))
    },
  )
  act('delete <who>', 'ends every session and removes the account; its messages and meetings stay')
    .option('--yes', 'really')
    .action(async (who: string, { json, yes }: Output & { yes?: boolean }) => {
      if (yes !== true) throw new StartupError(`this cannot be undone; add --yes to delete ${who}`)
      show(json, [await run((all) => all.remove(who))])
    })
  users.addHelpText(
    'after',
    `
Examples:
  parley user create ada@example.org --name "Ada Lovelace" --verified
  parley user reset-password ada@example.org --password-stdin < new-password.txt
  parley user disable ada@example.org --reason "stolen laptop, ticket 4711"
  parley user audit ada@example.org
  parley user list --search example.org --json`,
  )
  return users
}

const maxReason = 500

function reason(text: string): string {
  if (text.length > maxReason) throw new InvalidArgumentError(`at most ${maxReason} characters`)
  return text
}

function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 10_000)
    throw new InvalidArgumentError('a number from 1 to 10,000')
  return value
}

/** `made`: the password, where it is one that nobody knows yet. */
async function passwordFor({ passwordStdin }: Secret): Promise<{ password: string; made?: string }> {
  if (passwordStdin !== true) {
    const made = randomBytes(15).toString('base64url')
    return { password: made, made }
  }
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(part as Buffer)
  return {
    password: Buffer.concat(parts)
      .toString('utf8')
      .replace(/\r?\n$/, ''),
  }
}

function show(json: boolean | undefined, users: readonly ShownUser[]): void {
  const rows = users.map((user) => [
    user.id,
    user.email ?? '',
    user.emailVerified ? 'confirmed' : 'not confirmed',
    user.name,
    user.disabledAt === null ? '' : `disabled ${user.disabledAt}`,
  ])
  print(json, users, table(rows))
}

function showSecret(json: boolean | undefined, user: ShownUser, password: string | undefined): void {
  if (json === true) return print(true, { ...user, ...(password === undefined ? {} : { password }) }, [])
  show(false, [user])
  if (password !== undefined) process.stdout.write(`password: ${password}\n`)
}
