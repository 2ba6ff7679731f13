import { ConfigError, isProblem, StartupError, type Environment } from '@parley/kit'
import { Command } from 'commander'
import { backupCommand, restoreCommand } from './backup/commands.ts'
import { doctorCommand } from './doctor/command.ts'
import { keysCommand } from './keys.ts'
import { migrateCommand } from './migrate.ts'
import { drainCommand, nodesCommand, undrainCommand } from './nodes.ts'
import { seedCommand } from './seed.ts'
import { sizeCommand } from './size/command.ts'
import { startCommand } from './start.ts'
import { meetingCommand } from './timeline.ts'
import { usersCommand } from './users.ts'

const help = `
Settings come from the environment, as for the services: DATABASE_URL names a PostgreSQL; without it the
database in PARLEY_DATA_DIR is meant (.data/parley), which is for one process at a time: stop the product first.

Exit codes: 0 done, all well; 1 findings, or a fault of yours that is told in one sentence; 2 it could not run.

Examples:
  parley start                                    the whole product, on http://localhost:8080
  parley migrate --status                         which migrations have run, and which wait
  parley user create ada@example.org --name Ada --verified
  parley doctor https://meet.example.org          what is wrong with a running product, and its mend
  parley meeting timeline CODE                    joins, drops, resumes, moderation, the end
  parley nodes                                    the processes, their sessions and rooms
  parley drain signaling/NODE                     out of service, and nobody notices
  parley backup parley.tar.gz                     the database, and the files of the folder
  parley size --meetings 100 --people 8           what that many meetings need`

/** Runs what the command line asks for. Never rejects: faults end in the exit code. */
export async function runCli(argv: readonly string[], env: Environment): Promise<void> {
  const program = new Command('parley')
    .description('Parley: start it, look after it, and find out what is wrong with it.')
    .addHelpText('after', help)
    .showHelpAfterError('(add --help for what there is)')
    .enablePositionalOptions()
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  const commands = [
    startCommand,
    migrateCommand,
    seedCommand,
    usersCommand,
    keysCommand,
    doctorCommand,
    backupCommand,
    restoreCommand,
    sizeCommand,
    meetingCommand,
    nodesCommand,
    drainCommand,
    undrainCommand,
  ]
  for (const command of commands) program.addCommand(command(env).copyInheritedSettings(program))
  try {
    await program.parseAsync(argv)
  } catch (error) {
    const mine = error instanceof ConfigError || error instanceof StartupError || isProblem(error)
    const shown = mine ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)
    process.stderr.write(`parley: ${shown}\n`)
    process.exitCode = mine ? 1 : 2
  }
}
